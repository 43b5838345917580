//! Real servers for tests: started on free ports, in folders of their own, ended with the test process.
//!
//! A machine may lack one. Then its tests count as not run, the run says so in its last lines, and
//! with `SHOAL_REQUIRE_SERVERS=1` they fail: [`or_not_run`] is the one place that decides this.

mod availability;
mod certificates;
mod databend;
mod kafka;
mod ports;
mod postgres;
mod supervised;

pub use availability::{NotAvailable, is_collected, or_not_run, or_noted};
pub use certificates::Certificates;
pub use databend::DatabendServer;
pub use kafka::{Kafka, KafkaSettings};
pub use ports::free_ports;
pub use postgres::{Postgres, PostgresSettings};
