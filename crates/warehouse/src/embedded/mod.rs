//! The history on one machine: a fjall database whose rows lie by partition, user and time.
//!
//! So that a user's timeline and a partition's history are each one range. What a batch does is decided
//! from the batch and what is stored, in the order of the log, and written in one atomic batch
//! together with the position: a crash leaves the rows of one position or another, never a mixture. The log is another database,
//! see `bus::embedded`.

mod draft;
mod embedded_warehouse;
mod erasing;
mod failure;
mod keys;
mod keyspaces;
mod reading;
mod remembered;
mod syncing;

pub use embedded_warehouse::EmbeddedWarehouse;
