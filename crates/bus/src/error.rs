//! What can go wrong with the log, by what the caller can do.

/// Why the log did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It may work later. Whether anything was written is unknown: send it again, repetitions are
    /// recognised; an owner restores first.
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    /// No space left; nothing was written.
    #[error("the log's disk is full")]
    Full,
    /// Someone else owns the partition now: stop, and commit nothing more.
    #[error("partition {0} belongs to another owner")]
    Fenced(schema::PartitionId),
    /// The offset was trimmed by retention.
    #[error("offset {asked} of {topic} was trimmed; the log begins at {begin}")]
    Trimmed {
        /// Which topic.
        topic: &'static str,
        /// What was asked for.
        asked: schema::Offset,
        /// Where the log begins now.
        begin: schema::Offset,
    },
    /// A write or a sync failed: what is on disk is unknown until a restart reads it, so waiting does
    /// not help. Whoever owns partitions ends its process, for whatever supervises it to start anew.
    #[error("the log failed and needs a restart: {0}")]
    Broken(String),
    /// The log is not what was configured: other partitions, other settings, no permission.
    #[error("the log is set up differently: {0}")]
    Misfit(String),
    /// A record is larger than the log takes.
    #[error("{what} has {size_bytes} bytes and the log takes at most {max_bytes}")]
    TooLarge {
        /// What it is.
        what: String,
        /// How large it is.
        size_bytes: usize,
        /// What is taken.
        max_bytes: usize,
    },
    /// What is stored cannot be read: another format, or damaged.
    #[error("the log is damaged: {0}")]
    Damaged(String),
}

impl BusError {
    /// Returns whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full)
    }
}
