//! The log on brokers that speak Kafka's protocol: Apache Kafka, Redpanda.
//!
//! Partitions, retention, compaction and transactions are the brokers'; what is here is how the
//! traits are made of them. `docs/adr/0007-kafka-transactions.md` says how a commit is one transaction and what keeps
//! two owners of a partition apart.

mod appending;
mod asking;
mod assignments;
mod clients;
mod cursor;
mod definitions;
mod ends;
mod failure;
mod fetching;
mod gathered;
mod kafka_log;
mod membership;
mod owner;
mod ownership;
mod reader;
mod restoring;
mod scanning;
mod statuses;
mod topics;
mod transaction;
mod trimmed;
mod work;

pub use crate::kafka_options::{KafkaOptions, KafkaSecurity, Sasl};
pub use kafka_log::KafkaLog;
pub use owner::KafkaOwner;
pub use ownership::KafkaOwnership;

/// What a record's frame, key and headers take at most, beside its value.
const RECORD_OVERHEAD: usize = 512;
