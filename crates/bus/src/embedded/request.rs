//! What callers ask of the writing thread.

use schema::{LogPosition, PartitionId, Topic, UserId};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::stored::{NewValue, Position};
use crate::BusError;

/// Something to write, and who waits for it.
pub(super) struct Request {
    pub(super) write: Write,
    /// Told when it is durable; of an append, where its records lie.
    pub(super) reply: oneshot::Sender<Result<Vec<LogPosition>, BusError>>,
    /// Its share of the bytes that may wait.
    pub(super) permit: OwnedSemaphorePermit,
}

/// Something to write, as a whole.
pub(super) enum Write {
    /// Records for a topic.
    Append { topic: Topic, records: Vec<(PartitionId, NewValue)> },
    /// What an owner did to its partition.
    Commit(Box<CommitWrite>),
    /// From now on only commits with this epoch, or a later one, are taken for the partition.
    Claim { partition: PartitionId, epoch: u64 },
    /// Nothing: the answer says that everything asked before is durable.
    Nothing,
}

/// A commit in the form in which it is stored.
pub(super) struct CommitWrite {
    pub(super) partition: PartitionId,
    pub(super) epoch: u64,
    pub(super) position: Position,
    pub(super) definitions: Option<Vec<u8>>,
    /// Empty removes.
    pub(super) states: Vec<(UserId, Vec<u8>)>,
    pub(super) changes: Vec<NewValue>,
    pub(super) errors: Vec<NewValue>,
    pub(super) dead_letters: Vec<NewValue>,
}

impl Write {
    /// Returns about how many bytes it takes in memory and in the journal.
    pub(super) fn size_bytes(&self) -> usize {
        /// Keys, markers and pointers of one entry.
        const ENTRY: usize = 64;
        let values = |values: &[NewValue]| values.iter().map(|value| value.bytes.len() + ENTRY).sum::<usize>();
        match self {
            Self::Append { records, .. } => records.iter().map(|(_, value)| value.bytes.len() + ENTRY).sum(),
            Self::Commit(commit) => {
                let states = commit.states.iter().map(|(_, state)| state.len() + ENTRY).sum::<usize>();
                // Changes are written twice: to `segment-memberships` as well.
                let topics = 2 * values(&commit.changes) + values(&commit.errors) + values(&commit.dead_letters);
                states + topics + commit.definitions.as_ref().map_or(0, Vec::len) + ENTRY
            }
            Self::Claim { .. } | Self::Nothing => ENTRY,
        }
    }
}
