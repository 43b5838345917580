//! The event log and the change topics, and the commit that ties state, offset and changes together.
//!
//! Two forms meet behind the traits here: the embedded log (fjall) and the Kafka API (feature `kafka`).
//! `conformance` is the one suite both must pass. Nothing here knows what a user or a segment does.

#[doc(hidden)]
pub mod conformance;
pub mod embedded;
mod error;
#[cfg(feature = "kafka")]
pub mod kafka;
mod log;
mod owner;
mod values;

pub use error::BusError;
pub use log::{EventLog, NewRecord, StoredRecord};
pub use owner::{DeadLetter, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition};
