//! What can go wrong with the history, by what the caller can do.

/// Why the warehouse did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// It may work later: nothing was written.
    #[error("the warehouse is unavailable: {0}")]
    Unavailable(String),
    /// Another writer has moved this partition on: read the positions again.
    #[error("partition {partition} was written up to {actual}, not {expected}")]
    Moved {
        /// Which partition.
        partition: schema::PartitionId,
        /// What the batch said.
        expected: schema::Offset,
        /// What is stored.
        actual: schema::Offset,
    },
    /// What is stored cannot be read: another format, or damaged.
    #[error("the warehouse is damaged: {0}")]
    Damaged(String),
}
