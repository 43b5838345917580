//! How the suite gets at a log.

use std::sync::Arc;

use async_trait::async_trait;
use schema::{PartitionId, Topic};

use crate::{BusError, EventLog, Ownership};

/// How many partitions the suite's installations have.
pub const PARTITIONS: u16 = 4;

/// A log that can be opened, closed and opened again.
#[async_trait]
pub trait Installation: Send + Sync {
    /// Opens the log with [`PARTITIONS`] partitions; at most one session at a time.
    async fn open(&self) -> Result<Session, BusError>;

    /// Closes what was opened, so that the next `open` sees what a restarted process would see.
    async fn close(&self, session: Session) -> Result<(), BusError>;

    /// Lets retention take everything that a partition of a topic holds now; nothing is open meanwhile.
    async fn trim(&self, topic: Topic, partition: PartitionId) -> Result<(), BusError>;
}

/// An opened log.
pub struct Session {
    /// As ingestion and readers see it.
    pub log: Arc<dyn EventLog>,
    /// As a segmenter sees it; each call is another segmenter that takes all partitions.
    pub ownership: Box<dyn Fn() -> Box<dyn Ownership> + Send + Sync>,
}
