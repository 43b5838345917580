//! The topics and what goes to `errors`.

use serde::{Deserialize, Serialize};

/// A topic of the log; partitioned alike, by user.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Topic {
    /// Every input, in one envelope.
    Events,
    /// Each entry and exit.
    SegmentChanges,
    /// The latest change per user (compacted).
    SegmentMemberships,
    /// What was refused, for people.
    Errors,
    /// Messages that could not be processed, as they were.
    DeadLetters,
}

impl Topic {
    /// Returns the topic's default name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::SegmentChanges => "segment-changes",
            Self::SegmentMemberships => "segment-memberships",
            Self::Errors => "errors",
            Self::DeadLetters => "dead-letters",
        }
    }
}

/// Which side an error belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// An event was refused.
    IngestEventError,
    /// A record could not be applied.
    SegmentComputationError,
}

/// A record of the topic `errors`: `{"error_type": …, "data": {…}}`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// Which side it belongs to.
    pub error_type: ErrorType,
    /// What is known of it.
    pub data: serde_json::Value,
}
