//! Applying a record.

use schema::{Cause, Event, LogRecord, SegmentChange, Timestamp, UserDeletion, UserTraits};

use super::partition::Engine;
use crate::user::{Deciding, User};

/// Why a record changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SkipReason {
    /// The same user sent the same `event_id` within the last day.
    Duplicate,
    /// The user was erased before.
    UserDeleted,
}

impl SkipReason {
    /// Returns the label used in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::UserDeleted => "user_deleted",
        }
    }
}

/// What one record did.
#[derive(Clone, PartialEq, Debug)]
pub struct Applied {
    /// Why the record itself was passed over, if it was. Timers that were due fired all the same.
    pub skipped: Option<SkipReason>,
    /// The user's changes, in order.
    pub changes: Vec<SegmentChange>,
}

impl Engine {
    /// Applies one record at `now`. The user's due deadlines fire first, each at its own instant.
    ///
    /// `now` below the clock counts as the clock's now. A user who is away must have been brought back.
    ///
    /// # Panics
    ///
    /// When the user is away.
    pub fn apply(&mut self, record: &LogRecord, now: Timestamp) -> Applied {
        // In release builds too: the record would begin a second state of the user, and nobody would ever know.
        let away = self.users.away();
        assert!(
            away.is_empty() || !away.contains(&record.user_id()),
            "whoever is away is brought back before a record is applied"
        );
        let now = self.tick(now);
        self.clock.log_time = self.clock.log_time.max(record.received_at());
        let mut changes = Vec::new();
        let applied = match record {
            LogRecord::Event(event) => self.apply_event(event, now, &mut changes),
            LogRecord::Traits(traits) => self.apply_traits(traits, now, &mut changes),
            LogRecord::Deletion(deletion) => self.apply_deletion(deletion, now, &mut changes),
        };
        Applied { skipped: applied.err(), changes }
    }

    fn apply_event(
        &mut self,
        event: &Event,
        now: Timestamp,
        changes: &mut Vec<SegmentChange>,
    ) -> Result<(), SkipReason> {
        let user_id = event.user_id;
        let index = match self.ahead.place_of(user_id, &self.users) {
            Some(index) => index,
            None => self.users.index_or_new(user_id, || User::new(&self.catalog)).ok_or(SkipReason::UserDeleted)?,
        };
        let mut user = self.users.at_mut(index).ok_or(SkipReason::UserDeleted)?;
        if user.is_due(now) {
            self.fire_user(index, now, changes);
            user = self.users.at_mut(index).ok_or(SkipReason::UserDeleted)?;
        }
        if !user.count(&self.catalog, event.event_id, self.clock.log_time) {
            return Err(SkipReason::Duplicate);
        }
        if let Some(absorbing) = &self.absorbing {
            absorbing.fold(user, event, now);
        }
        let before = user.deadline();
        let (catalog, profiles, scratch) = (&*self.catalog, &mut self.profiles, &mut self.scratch);
        let flips = user.apply(&mut Deciding { catalog, profiles, scratch }, event, now);
        if user.deadline() != before {
            self.timers.arm(index, user_id, user.deadline());
        }
        let was_dirty = std::mem::replace(&mut user.is_dirty, true);
        if let Some(flips) = flips {
            let cause = Cause::Event { event_id: event.event_id };
            if let Some(change) = user.publish(user_id, catalog, flips, cause, now) {
                // Room for one: there is seldom another.
                changes.reserve_exact(1);
                changes.push(change);
            }
        }
        if !was_dirty {
            self.users.remember_dirty(user_id);
        }
        Ok(())
    }

    fn apply_traits(
        &mut self,
        traits: &UserTraits,
        now: Timestamp,
        changes: &mut Vec<SegmentChange>,
    ) -> Result<(), SkipReason> {
        let user_id = traits.user_id;
        let index = self.users.index_or_new(user_id, || User::new(&self.catalog)).ok_or(SkipReason::UserDeleted)?;
        self.fire_user(index, now, changes);
        let user = self.users.at_mut(index).ok_or(SkipReason::UserDeleted)?;
        let before = user.deadline();
        let (catalog, profiles, scratch) = (&*self.catalog, &mut self.profiles, &mut self.scratch);
        let flips = user.hear(&mut Deciding { catalog, profiles, scratch }, traits, now);
        if user.deadline() != before {
            self.timers.arm(index, user_id, user.deadline());
        }
        changes.extend(user.publish(user_id, catalog, flips, Cause::Event { event_id: traits.event_id }, now));
        self.users.mark_dirty(index, user_id);
        Ok(())
    }

    fn apply_deletion(
        &mut self,
        deletion: &UserDeletion,
        now: Timestamp,
        changes: &mut Vec<SegmentChange>,
    ) -> Result<(), SkipReason> {
        let user_id = deletion.user_id;
        if self.users.is_erased(user_id) {
            return Err(SkipReason::UserDeleted);
        }
        let index = self.users.index_of(user_id);
        if let Some(index) = index {
            self.fire_user(index, now, changes);
        }
        let user = index.and_then(|index| self.users.at_mut(index));
        changes.extend(user.and_then(|user| {
            let flips = user.leave_all(&self.catalog);
            user.publish(user_id, &self.catalog, flips, Cause::Deletion, now)
        }));
        if let Some(index) = self.users.erase(user_id) {
            self.timers.arm(index, user_id, None);
        }
        self.users.mark_erased(user_id);
        Ok(())
    }
}
