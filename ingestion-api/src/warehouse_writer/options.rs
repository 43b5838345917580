//! How the writer trades delay for larger batches.

use std::time::Duration;

/// The most records of a batch: what Databend loads in one go within its timeout.
pub const MAX_BATCH_RECORDS: usize = 2_000_000;

/// How the writer trades delay for larger batches, and how it tries again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriterOptions {
    /// How long records are gathered before they are written.
    pub flush_interval: Duration,
    /// A batch is written when it has this many records, however young.
    pub batch_records: usize,
    /// A batch is written when its records have this many bytes in the log, however young.
    pub batch_bytes: usize,
    /// After this many failures in a row the warehouse counts as away; it is tried again all the same.
    pub retry_attempts: u32,
    /// The first pause after a failure; doubles with each one that follows.
    pub retry_min: Duration,
    /// The longest pause between two attempts.
    pub retry_max: Duration,
    /// How long the last flush may take at shutdown; what is not written then is written next time.
    pub shutdown_grace: Duration,
    /// How often a writer that another process was ahead of looks whether that still writes.
    pub stand_by_interval: Duration,
}

impl Default for WriterOptions {
    /// Suits the embedded warehouse, which writes a batch in milliseconds: a new segment waits for the
    /// writer, so it should not wait long.
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_millis(50),
            batch_records: 4_096,
            batch_bytes: 8 * 1_024 * 1_024,
            retry_attempts: 8,
            retry_min: Duration::from_millis(100),
            retry_max: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(5),
            stand_by_interval: Duration::from_secs(3),
        }
    }
}

impl WriterOptions {
    /// Suits a server, which needs a tenth of a second for the smallest batch and makes a file of each: one
    /// load a second for all partitions, and large ones when there is much to catch up with.
    pub fn of_a_server() -> Self {
        Self {
            flush_interval: Duration::from_secs(1),
            batch_records: 200_000,
            shutdown_grace: Duration::from_secs(10),
            ..Self::default()
        }
    }
}
