//! The history read from the log itself, as far back as the log is kept.
//!
//! Where a log is shared by several processes and no warehouse is configured, nothing is copied: a
//! backfill reads the partition that its owner reads anyway, a timeline reads the user's whole
//! partition. That is exact and needs no server more, but costs a pass over a partition per question, and
//! what retention trimmed is gone: for long histories and busy timelines there are warehouses.
//! Which records count is decided as every other form decides it, by [`crate::counting`].

mod erased;
mod log_warehouse;
mod reading;
mod scanning;

pub use log_warehouse::LogWarehouse;
