//! The event log and the change topics, and the commit that ties state, offset and changes together.
//!
//! Two forms meet behind the traits here: the embedded log (fjall) and the Kafka API (feature `kafka`).
//! `conformance` is the one suite both must pass. Nothing here knows what a user or a segment does.

mod config;
#[doc(hidden)]
pub mod conformance;
mod dead_letter;
pub mod embedded;
mod error;
#[cfg(feature = "kafka")]
pub mod kafka;
mod kafka_options;
mod log;
#[doc(hidden)]
pub mod meddled;
mod open;
mod owner;
mod values;

pub use config::{BusConfig, Password};
pub use dead_letter::{DeadLetter, LetterHead};
pub use error::BusError;
pub use kafka_options::{KafkaOptions, KafkaSecurity, Sasl};
pub use log::{EventLog, NewRecord, StoredRecord, TrimHold};
pub use open::{OpenedLog, open};
pub use owner::{Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition};
