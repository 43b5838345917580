//! Fills the history from the log: one task per partition, from the position that the warehouse keeps.
//!
//! The log comes first and is durable, so nothing is buffered here and nothing is lost when this stops:
//! the next run goes on at the stored position. Which events are duplicates or of deleted users, the
//! warehouse decides while it writes. A warehouse that is away is tried again for as long as it takes;
//! ingestion and segmentation do not notice.
//!
//! Of several processes each tries; the warehouse lets one write a stretch, compare-and-set. Whoever finds
//! that another one was faster stands by until that has stopped.

mod backoff;
mod health;
mod metrics;
mod options;
mod partition_writer;
mod run;
#[cfg(test)]
mod tests;

pub use health::WriterHealth;
pub use options::{MAX_BATCH_RECORDS, WriterOptions};
pub use run::run_writer;
