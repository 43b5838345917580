//! What an event, and the passing of time, do to a user.

use schema::{Event, Timestamp};

use super::membership::rules_of;
use super::{Flips, User};
use crate::Catalog;
use crate::catalog::{RuleIndex, Slot};

impl User {
    /// Folds an event that happened to the user, and returns what flipped and when to look again.
    ///
    /// What was due before `now` has fired. Only what the event touched is looked at; the old
    /// deadline stands for the rest, so the new one is never late, but can be early.
    pub(crate) fn apply(&mut self, catalog: &Catalog, event: &Event, now: Timestamp) -> (Flips, Option<Timestamp>) {
        let touched = self.slots.fold(catalog, event, now, |_| true);
        self.slots.settle(catalog, &touched, now);
        let readers = rules_of(touched.iter().copied(), |slot| &catalog.aggregate(slot).readers);
        let flips = self.flips(catalog, &readers, now);
        let now_readers = rules_of(touched.iter().copied(), |slot| &catalog.aggregate(slot).now_readers);
        let next = self.next_change(catalog, &touched, &now_readers, now);
        self.decided_at = now;
        (flips, [self.deadline, next].into_iter().flatten().min())
    }

    /// Decides what time alone has changed at `at`, which is not after the next change.
    ///
    /// Returns nothing when the timer was early: then the user is as before.
    pub(crate) fn fire(&mut self, catalog: &Catalog, at: Timestamp) -> Option<Flips> {
        let flipped = |rule: &RuleIndex| self.next_flip(catalog, *rule, self.decided_at).is_some_and(|flip| flip <= at);
        let mut due: Vec<RuleIndex> = self.now_readers(catalog).into_iter().filter(flipped).collect();
        let touched = self.slots.advance(catalog, at);
        if due.is_empty() && touched.is_empty() {
            return None;
        }
        due.extend(rules_of(touched, |slot| &catalog.aggregate(slot).readers));
        due.sort_unstable();
        due.dedup();
        let flips = self.flips(catalog, &due, at);
        self.decided_at = at;
        Some(flips)
    }

    /// Decides rules that were not decided for this user before.
    pub(crate) fn decide(
        &mut self,
        catalog: &Catalog,
        rules: &[RuleIndex],
        now: Timestamp,
    ) -> (Flips, Option<Timestamp>) {
        let flips = self.flips(catalog, rules, now);
        self.decided_at = now;
        (flips, self.exact_deadline(catalog))
    }

    /// Returns the earliest instant at which time alone can change anything.
    pub(crate) fn exact_deadline(&self, catalog: &Catalog) -> Option<Timestamp> {
        let slots: Vec<Slot> = self.slots.iter().map(|(slot, _)| slot).collect();
        self.next_change(catalog, &slots, &self.now_readers(catalog), self.decided_at)
    }

    /// Rules of which no aggregate has a state cannot hold: each asks for some event.
    fn now_readers(&self, catalog: &Catalog) -> Vec<RuleIndex> {
        rules_of(self.slots.iter().map(|(slot, _)| slot), |slot| &catalog.aggregate(slot).now_readers)
    }
}
