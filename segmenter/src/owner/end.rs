//! Why an owner ends.

use std::fmt::Display;

/// Why an owner ended before its partition did.
#[derive(Debug)]
pub(crate) enum OwnerEnd {
    /// It was told to stop while it was waiting for the log; what it had in hand is in the log still.
    Stopped,
    /// Someone else owns the partition; nothing of what was in hand took effect.
    Fenced,
    /// What is stored cannot be used: the process must stop before it does harm.
    Damaged(anyhow::Error),
}

impl OwnerEnd {
    pub(crate) fn damaged(error: impl Into<anyhow::Error>, doing: impl Display + Send + Sync + 'static) -> Self {
        Self::Damaged(error.into().context(doing))
    }
}
