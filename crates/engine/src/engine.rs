//! One partition's users: applies records, fires timers, switches catalogs.

use std::sync::Arc;

use schema::{Event, Generation, LogRecord, SegmentChange, SegmentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::Catalog;

/// The two times of a partition; kept with its state, so that a new owner never goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PartitionClock {
    /// Everything due up to this instant has been decided.
    pub now: Timestamp,
    /// The greatest `received_at` of the partition's records so far: decides what is a duplicate.
    pub log_time: Timestamp,
}

/// Why a record changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SkipReason {
    /// The same user sent the same `event_id` within the last day.
    Duplicate,
    /// The user was erased before.
    UserDeleted,
}

/// What one record did.
#[derive(Clone, PartialEq, Debug)]
pub struct Applied {
    /// Why the record itself was passed over, if it was. Timers that were due fired all the same.
    pub skipped: Option<SkipReason>,
    /// The user's changes, in order.
    pub changes: Vec<SegmentChange>,
}

/// State that cannot be read: another format, or damaged.
#[derive(Debug, thiserror::Error)]
#[error("user state: {0}")]
pub struct DecodeError(pub String);

/// The users of one partition.
#[derive(Debug)]
pub struct Engine {
    catalog: Arc<Catalog>,
    clock: PartitionClock,
}

impl Engine {
    /// Makes an engine without users; `load_user` brings back stored ones.
    pub fn new(catalog: Arc<Catalog>, clock: PartitionClock) -> Self {
        Self { catalog, clock }
    }

    /// Brings back a user from what `take_dirty` returned for it, under the catalog it was made with.
    pub fn load_user(&mut self, _user_id: UserId, _state: &[u8]) -> Result<(), DecodeError> {
        Ok(())
    }

    /// Applies one record at `now`. The user's due deadlines fire first, each at its own instant.
    ///
    /// `now` below the clock counts as the clock's now.
    pub fn apply(&mut self, _record: &LogRecord, _now: Timestamp) -> Applied {
        Applied { skipped: None, changes: Vec::new() }
    }

    /// Returns the earliest instant at which time alone may change some user.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Fires deadlines up to and including `now`, earliest first, for at most `limit` users; the
    /// clock moves to `now` when none is left, else to the last one fired.
    pub fn fire_due(&mut self, _now: Timestamp, _limit: usize) -> Vec<SegmentChange> {
        Vec::new()
    }

    /// Starts to fold, beside the live catalog, what `next` needs and the live one does not keep:
    /// from here on by `apply`, and from history by `absorb`, in any order, each event once.
    pub fn begin_absorbing(&mut self, _next: Arc<Catalog>) {}

    /// Gives up what `begin_absorbing` started.
    pub fn abandon_absorbing(&mut self) {}

    /// Returns the catalog whose history is being absorbed.
    pub fn absorbing(&self) -> Option<Generation> {
        None
    }

    /// Folds one event of the history before `begin_absorbing`; changes no membership.
    pub fn absorb(&mut self, _event: &Event) {}

    /// Makes the absorbed catalog the live one and returns the difference, cause `definition`.
    ///
    /// Deadlines due by `now` fire first, under the old catalog.
    pub fn switch_catalog(&mut self, _now: Timestamp) -> Vec<SegmentChange> {
        Vec::new()
    }

    /// Returns the encoded state of every user that changed since the last call.
    pub fn take_dirty(&mut self) -> Vec<(UserId, Vec<u8>)> {
        Vec::new()
    }

    /// Returns the partition's times, to be committed with the state.
    pub fn clock(&self) -> PartitionClock {
        self.clock
    }

    /// Returns the live catalog.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Returns the segments a user is in, ascending; `None` for a user without state.
    pub fn segments_of(&self, _user_id: UserId) -> Option<Vec<SegmentId>> {
        None
    }

    /// Returns how many users have state.
    pub fn user_count(&self) -> usize {
        0
    }
}
