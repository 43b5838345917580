//! The engine of one partition, and what can be asked of it.

use std::sync::Arc;

use schema::{SegmentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::absorb::Absorbing;
use super::ahead::Ahead;
use super::users::{UserRecord, Users};
use crate::Catalog;
use crate::catalog::Profiles;
use crate::codec::{self, DecodeError};
use crate::timers::TimerQueue;
use crate::user::{Deciding, Scratch};

/// The two times of a partition; kept with its state, so that a new owner never goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PartitionClock {
    /// The latest instant at which anything was decided; see [`Engine::as_of`] for what is decided.
    pub now: Timestamp,
    /// The greatest `received_at` of the partition's records so far: decides what is a duplicate.
    pub log_time: Timestamp,
}

/// The users of one partition.
#[derive(Debug)]
pub struct Engine {
    pub(super) catalog: Arc<Catalog>,
    pub(super) clock: PartitionClock,
    pub(super) users: Users,
    pub(super) timers: TimerQueue,
    pub(super) absorbing: Option<Absorbing>,
    /// Of the live catalog.
    pub(super) profiles: Profiles,
    pub(super) scratch: Scratch,
    pub(super) ahead: Ahead,
}

impl Engine {
    /// Makes an engine without users; `load_user` brings back stored ones.
    pub fn new(catalog: Arc<Catalog>, clock: PartitionClock) -> Self {
        let profiles = Profiles::new(&catalog);
        let (scratch, ahead) = (Scratch::default(), Ahead::default());
        let (users, timers) = (Users::default(), TimerQueue::new(clock.now));
        Self { catalog, clock, users, timers, absorbing: None, profiles, scratch, ahead }
    }

    /// Brings back a user from what `take_dirty` returned for it, under the catalog it was made with.
    pub fn load_user(&mut self, user_id: UserId, state: &[u8]) -> Result<(), DecodeError> {
        match codec::decode(state, &self.catalog)? {
            UserRecord::Erased => {
                if let Some(index) = self.users.erase(user_id) {
                    self.timers.arm(index, user_id, None);
                }
            }
            UserRecord::Present(mut user) => {
                let (catalog, profiles, scratch) = (&*self.catalog, &mut self.profiles, &mut self.scratch);
                let decided_at = user.decided_at;
                if !user.is_alone() {
                    user.settle(&mut Deciding { catalog, profiles, scratch }, decided_at);
                }
                let deadline = user.deadline();
                let index = self.users.replace(user_id, user);
                self.timers.arm(index, user_id, deadline);
            }
        }
        Ok(())
    }

    /// Returns the encoded state of every user that changed since the last call, ascending by user.
    pub fn take_dirty(&mut self) -> Vec<(UserId, Vec<u8>)> {
        let dirty = self.users.take_dirty();
        let encoded = |user_id| (user_id, codec::encode(self.users.present(user_id), &self.catalog));
        dirty.into_iter().map(encoded).collect()
    }

    /// Returns the partition's times, to be committed with the state.
    pub fn clock(&self) -> PartitionClock {
        self.clock
    }

    /// Returns the instant up to which every change that is due has been decided.
    pub fn as_of(&self) -> Timestamp {
        let before_next = self.next_deadline().map(|deadline| deadline.plus_micros(-1));
        before_next.map_or(self.clock.now, |before_next| before_next.min(self.clock.now))
    }

    /// Returns the live catalog.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Returns the segments a user is in, ascending; `None` for a user without state.
    pub fn segments_of(&self, user_id: UserId) -> Option<Vec<SegmentId>> {
        self.users.present(user_id).map(|user| user.segments(&self.catalog))
    }

    /// Returns how many users have state.
    pub fn user_count(&self) -> usize {
        self.users.present_count()
    }

    /// Moves the partition's clock, which never goes back, and returns where it stands.
    pub(super) fn tick(&mut self, now: Timestamp) -> Timestamp {
        self.clock.now = self.clock.now.max(now);
        self.clock.now
    }
}
