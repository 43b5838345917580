//! The log on a real Apache Kafka: the suite that every form of the log must pass, and what only
//! brokers make possible to get wrong.

#![cfg(feature = "kafka")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod counting;
mod crash;
mod definitions;
#[cfg(feature = "kafka-tls")]
mod encryption;
mod fencing;
mod installed;
mod rebalancing;
mod restarts;
mod security;
mod topics;

use installed::OnKafka;

bus::conformance_suite!(OnKafka::new());
