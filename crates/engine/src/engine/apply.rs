//! Applying a record.

use schema::{Cause, Event, LogRecord, SegmentChange, Timestamp, UserDeletion, UserId};

use super::partition::Engine;
use super::users::UserRecord;
use crate::user::Flips;

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
    /// `now` below the clock counts as the clock's now.
    pub fn apply(&mut self, record: &LogRecord, now: Timestamp) -> Applied {
        let now = self.tick(now);
        self.clock.log_time = self.clock.log_time.max(record.received_at());
        let mut changes = Vec::new();
        self.fire_user(record.user_id(), now, &mut changes);
        let applied = match record {
            LogRecord::Event(event) => self.apply_event(event, now),
            LogRecord::Traits(traits) => self.apply_traits(traits.user_id),
            LogRecord::Deletion(deletion) => self.apply_deletion(deletion, now),
        };
        match applied {
            Ok(change) => {
                changes.extend(change);
                Applied { skipped: None, changes }
            }
            Err(reason) => Applied { skipped: Some(reason), changes },
        }
    }

    fn apply_event(&mut self, event: &Event, now: Timestamp) -> Result<Option<SegmentChange>, SkipReason> {
        let user_id = event.user_id;
        let user = self.users.present_or_new(user_id).ok_or(SkipReason::UserDeleted)?;
        if !user.duplicates.count(event.event_id, self.clock.log_time) {
            return Err(SkipReason::Duplicate);
        }
        if let Some(absorbing) = &self.absorbing {
            absorbing.fold(user, event, now);
        }
        let (flips, deadline) = user.apply(&self.catalog, event, now);
        self.timers.arm(user_id, &mut user.deadline, deadline);
        self.users.mark_dirty(user_id);
        Ok(self.publish(user_id, flips, Cause::Event { event_id: event.event_id }, now))
    }

    /// No clause can ask for traits yet, so they change nothing here; the history keeps them.
    fn apply_traits(&self, user_id: UserId) -> Result<Option<SegmentChange>, SkipReason> {
        match self.users.get(user_id) {
            Some(UserRecord::Erased) => Err(SkipReason::UserDeleted),
            _ => Ok(None),
        }
    }

    fn apply_deletion(&mut self, deletion: &UserDeletion, now: Timestamp) -> Result<Option<SegmentChange>, SkipReason> {
        let user_id = deletion.user_id;
        if matches!(self.users.get(user_id), Some(UserRecord::Erased)) {
            return Err(SkipReason::UserDeleted);
        }
        let members = self.users.present(user_id).map(|user| user.members.clone()).unwrap_or_default();
        let flips = Flips { entered: Vec::new(), left: members };
        let change = self.publish(user_id, flips, Cause::Deletion, now);
        if let Some(UserRecord::Present(mut user)) = self.users.replace(user_id, UserRecord::Erased) {
            self.timers.arm(user_id, &mut user.deadline, None);
        }
        self.users.mark_dirty(user_id);
        Ok(change)
    }
}
