//! How the writer trades delay for larger batches.

use std::time::Duration;

/// How the writer trades delay for larger batches, and how it tries again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriterOptions {
    /// How long records are gathered before they are written. The default suits the embedded
    /// warehouse: a new segment waits for the writer, so it should not wait long. A server that wants
    /// large loads gets a second or more.
    pub flush_interval: Duration,
    /// A batch is written when it has this many records, however young.
    pub batch_records: usize,
    /// A batch is written when its records have this many bytes in the log, however young.
    pub batch_bytes: usize,
    /// The first pause after a failure; doubles with each one that follows.
    pub retry_min: Duration,
    /// The longest pause between two attempts.
    pub retry_max: Duration,
    /// How long the last flush may take at shutdown; what is not written then is written next time.
    pub shutdown_grace: Duration,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            flush_interval: Duration::from_millis(50),
            batch_records: 4_096,
            batch_bytes: 8 * 1_024 * 1_024,
            retry_min: Duration::from_millis(100),
            retry_max: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(5),
        }
    }
}
