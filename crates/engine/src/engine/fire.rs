//! Deadlines: what time alone changes.

use schema::{Cause, SegmentChange, Timestamp, UserId};

use super::partition::Engine;
use crate::user::Flips;

impl Engine {
    /// Returns the earliest instant at which time alone may change some user.
    ///
    /// Never later than the next change. It can be earlier: a timer is not moved back by every
    /// event that gives its user more time; when it fires, it finds that nothing is due yet.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.first().map(|(deadline, _)| deadline)
    }

    /// Fires deadlines up to and including `now`, earliest first, at most `limit` of them; the
    /// clock moves to `now` when none is left, else to the last one fired.
    pub fn fire_due(&mut self, now: Timestamp, limit: usize) -> Vec<SegmentChange> {
        let now = now.max(self.clock.now);
        let mut changes = Vec::new();
        let mut fired = 0;
        while let Some((deadline, user_id)) = self.timers.first().filter(|(deadline, _)| *deadline <= now) {
            if fired == limit {
                return changes;
            }
            self.tick(deadline);
            changes.extend(self.fire_one(user_id, deadline));
            fired += 1;
        }
        self.tick(now);
        changes
    }

    /// Fires all of a user's deadlines up to `now`, each at its own instant.
    pub(super) fn fire_user(&mut self, user_id: UserId, now: Timestamp, changes: &mut Vec<SegmentChange>) {
        let deadline_of = |engine: &Self| engine.users.present(user_id)?.deadline.filter(|deadline| *deadline <= now);
        while let Some(deadline) = deadline_of(self) {
            changes.extend(self.fire_one(user_id, deadline));
        }
    }

    fn fire_one(&mut self, user_id: UserId, deadline: Timestamp) -> Option<SegmentChange> {
        let user = self.users.present_mut(user_id)?;
        let flips = user.fire(&self.catalog, deadline);
        let next = user.exact_deadline(&self.catalog);
        debug_assert!(next.is_none_or(|next| next > deadline), "a deadline that fired must not come again");
        self.timers.arm(user_id, &mut user.deadline, next);
        let flips = flips?;
        // Also without a flip: what is stored is what is, whenever it is asked for.
        self.users.mark_dirty(user_id);
        self.publish(user_id, flips, Cause::Time, deadline)
    }

    /// Publishes flips under the live catalog.
    pub(super) fn publish(
        &mut self,
        user_id: UserId,
        flips: Flips,
        cause: Cause,
        at: Timestamp,
    ) -> Option<SegmentChange> {
        let catalog = &self.catalog;
        let version_of = |segment_id| Some(catalog.rule_of(segment_id)?.definition.version);
        let change = self.users.present_mut(user_id)?.publish(user_id, flips, cause, at, version_of)?;
        self.users.mark_dirty(user_id);
        Some(change)
    }

    /// Arms a user's timer anew from its state.
    pub(super) fn rearm(&mut self, user_id: UserId) {
        if let Some(user) = self.users.present_mut(user_id) {
            let deadline = user.exact_deadline(&self.catalog);
            user.deadline = None;
            self.timers.arm(user_id, &mut user.deadline, deadline);
        }
    }
}
