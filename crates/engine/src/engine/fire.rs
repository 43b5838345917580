//! Deadlines: what time alone changes.

use schema::{Cause, SegmentChange, Timestamp};

use super::ahead::AHEAD;
use super::partition::Engine;
use crate::timers::UserIndex;
use crate::user::Deciding;

impl Engine {
    /// Returns the earliest instant at which time alone may change some user.
    ///
    /// Never later than the next change. It can be earlier: a timer is not moved back by every
    /// event that gives its user more time; when it fires, it finds that nothing is due yet.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.first()
    }

    /// Fires deadlines up to and including `now`, earliest first, at most `limit` of them, and none from that of
    /// a user on who is away; the clock moves to `now` when none is left, else to the last one fired.
    #[inline]
    pub fn fire_due(&mut self, now: Timestamp, limit: usize) -> Vec<SegmentChange> {
        let now = self.clock.now.max(now);
        if self.timers.has_none(now) {
            self.tick(now);
            return Vec::new();
        }
        self.fire_all_due(now, limit)
    }

    fn fire_all_due(&mut self, now: Timestamp, limit: usize) -> Vec<SegmentChange> {
        let mut changes = Vec::new();
        let mut fired = 0;
        while let Some((deadline, user)) = self.timers.due(now, |user| self.users.id_of(user)) {
            if fired == limit || self.is_away(self.users.id_of(user)) {
                return changes;
            }
            if fired % AHEAD == 1 {
                self.fetch_due(now);
            }
            self.tick(deadline);
            changes.extend(self.fire_one(user, deadline));
            fired += 1;
        }
        self.tick(now);
        changes
    }

    /// Fires all of a user's deadlines up to `now`, each at its own instant.
    #[inline(never)]
    pub(super) fn fire_user(&mut self, user: UserIndex, now: Timestamp, changes: &mut Vec<SegmentChange>) {
        while let Some(deadline) =
            self.users.at(user).and_then(|user| user.deadline()).filter(|deadline| *deadline <= now)
        {
            changes.extend(self.fire_one(user, deadline));
        }
    }

    fn fire_one(&mut self, index: UserIndex, deadline: Timestamp) -> Option<SegmentChange> {
        let user_id = self.users.id_of(index);
        let user = self.users.at_mut(index)?;
        let (catalog, profiles, scratch) = (&*self.catalog, &mut self.profiles, &mut self.scratch);
        let flips = user.fire(&mut Deciding { catalog, profiles, scratch }, deadline);
        let next = user.deadline();
        debug_assert!(next.is_none_or(|next| next > deadline), "a deadline that fired must not come again");
        self.timers.arm(index, user_id, next);
        let change = user.publish(user_id, catalog, flips?, Cause::Time, deadline);
        // Also without a flip: what is stored is what is, whenever it is asked for.
        self.users.mark_dirty(index, user_id);
        change
    }
}
