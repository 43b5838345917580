//! Making the absorbed catalog the live one.

use std::sync::Arc;

use schema::{Cause, SegmentChange, SegmentId, Timestamp, UserId};

use super::absorb::{Absorbing, Origin};
use super::partition::Engine;
use crate::Catalog;
use crate::catalog::{CatalogRule, RuleIndex, Slot};
use crate::user::User;

/// What a switch changes, the same for all users.
struct Switch {
    old: Arc<Catalog>,
    next: Arc<Catalog>,
    /// By slot of the old catalog: its place in the next one.
    moved: Vec<Option<Slot>>,
    /// Rules of the next catalog that the old one does not have just so; ascending.
    changed: Vec<RuleIndex>,
    /// Segments that the next catalog has no more; ascending.
    removed: Vec<SegmentId>,
}

impl Switch {
    fn new(old: Arc<Catalog>, absorbing: Absorbing) -> Self {
        let Absorbing { catalog: next, origins } = absorbing;
        let mut moved = vec![None; old.aggregates().len()];
        for (slot, origin) in origins.iter().enumerate() {
            if let Origin::Live(old_slot) = origin {
                moved[*old_slot as usize] = Some(slot as Slot);
            }
        }
        let indexed = (0..).zip(next.rules());
        let is_known = |rule: &CatalogRule| {
            old.rule_of(rule.definition.segment_id).is_some_and(|known| known.definition == rule.definition)
        };
        let changed = indexed.filter(|(_, rule)| !is_known(rule)).map(|(index, _)| index).collect();
        let old_ids = old.rules().iter().map(|rule| rule.definition.segment_id);
        let removed = old_ids.filter(|id| next.rule_of(*id).is_none()).collect();
        Self { old, next, moved, changed, removed }
    }

    /// Takes a user's state over; returns whether its stored form changes.
    fn move_state(&self, user: &mut User, now: Timestamp) -> bool {
        let absorbed = std::mem::take(&mut user.absorbing);
        let moved = |slot: Slot| self.moved[slot as usize];
        let changes = !absorbed.is_empty() || user.slots.iter().any(|(slot, _)| moved(slot).is_none());
        user.slots = std::mem::take(&mut user.slots).rekeyed(moved).joined(absorbed);
        // What was absorbed stands at the instants at which it came.
        user.slots.advance(&self.next, now);
        changes
    }
}

impl Engine {
    /// Makes the absorbed catalog the live one and returns the difference, cause `definition`.
    ///
    /// Deadlines due by `now` fire first, under the old catalog. Does nothing else when nothing is
    /// being absorbed.
    pub fn switch_catalog(&mut self, now: Timestamp) -> Vec<SegmentChange> {
        let mut changes = self.fire_due(now, usize::MAX);
        let now = self.tick(now);
        if let Some(absorbing) = self.absorbing.take() {
            let switch = Switch::new(Arc::clone(&self.catalog), absorbing);
            self.catalog = Arc::clone(&switch.next);
            let ids = self.users.present_ids();
            changes.extend(ids.into_iter().filter_map(|user_id| self.switch_user(&switch, user_id, now)));
        }
        changes
    }

    fn switch_user(&mut self, switch: &Switch, user_id: UserId, now: Timestamp) -> Option<SegmentChange> {
        let user = self.users.present_mut(user_id)?;
        let stored_form_changes = switch.move_state(user, now);
        let (mut flips, deadline) = user.decide(&switch.next, &switch.changed, now);
        let removed = |member: &&SegmentId| switch.removed.binary_search(member).is_ok();
        flips.left.extend(user.members.iter().filter(removed));
        flips.left.sort_unstable();
        self.timers.arm(user_id, &mut user.deadline, deadline);
        let version_of = |segment_id| {
            let rule = switch.next.rule_of(segment_id).or_else(|| switch.old.rule_of(segment_id));
            Some(rule?.definition.version)
        };
        let cause = Cause::Definition { generation: switch.next.generation() };
        let change = user.publish(user_id, flips, cause, now, version_of);
        if stored_form_changes || change.is_some() {
            self.users.mark_dirty(user_id);
        }
        change
    }
}
