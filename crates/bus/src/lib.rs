//! The event log and the change topics, and the commit that ties state, offset and changes together.
//!
//! Two forms meet behind the traits here: the embedded log (fjall) and, later, the Kafka API.
//! `conformance` is the one suite both must pass. Nothing here knows what a user or a segment does.

#[doc(hidden)]
pub mod conformance;
pub mod embedded;
mod error;
mod log;
mod owner;

pub use error::BusError;
pub use log::{EventLog, NewRecord, StoredRecord};
pub use owner::{DeadLetter, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition};
