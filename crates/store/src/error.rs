//! What can go wrong with the store, by what the caller can do.

use std::fmt;

/// Why the store did not do what was asked. Something that is not there is `None`, not an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row has the value, or the row was changed in between: nothing was written.
    #[error("conflict: {0}")]
    Conflict(ConflictField),
    /// It may work later: nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored cannot be read: another format, or damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl StoreError {
    /// Returns whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// What two rows may not share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConflictField {
    /// A live segment has this tag.
    Tag,
    /// The segment is no longer at the version the caller has seen.
    Version,
    /// An activity has this code.
    Code,
    /// A user has this `clientRefId`.
    ClientRefId,
}

impl ConflictField {
    /// Returns the stable label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Version => "version",
            Self::Code => "code",
            Self::ClientRefId => "client_ref_id",
        }
    }
}

impl fmt::Display for ConflictField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
