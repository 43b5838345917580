//! Making the absorbed catalog the live one.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use schema::{Cause, SegmentChange, SegmentId, SegmentVersion, Timestamp, UserId};

use super::absorb::{Absorbing, Origin};
use super::partition::Engine;
use crate::Catalog;
use crate::catalog::{CatalogRule, Profiles, RuleIndex, SeriesIndex, Slot};
use crate::user::{Deciding, Kept, Slab, User, packed, unpacked};

/// What a switch changes, the same for all users.
struct Switch {
    old: Arc<Catalog>,
    next: Arc<Catalog>,
    /// By slot of the old catalog: its place in the next one.
    moved: Vec<Option<Slot>>,
    /// By series of the next catalog: its place in the old one.
    origins: Vec<Origin<SeriesIndex>>,
    /// Rules of the next catalog that the old one does not have just so; ascending.
    changed: Vec<RuleIndex>,
}

impl Switch {
    fn new(old: Arc<Catalog>, absorbing: Absorbing) -> Self {
        let Absorbing { catalog: next, origins: slot_origins, series_origins: origins } = absorbing;
        let mut moved = vec![None; old.aggregates().len()];
        for (slot, origin) in slot_origins.iter().enumerate() {
            if let Origin::Live(old_slot) = origin {
                moved[*old_slot as usize] = Some(slot as Slot);
            }
        }
        let indexed = (0..).zip(next.rules());
        let is_known = |rule: &CatalogRule| {
            old.rule_of(rule.definition.segment_id).is_some_and(|known| known.definition == rule.definition)
        };
        let changed = indexed.filter(|(_, rule)| !is_known(rule)).map(|(index, _)| index);
        // What a rule depends on may be there only now, or no more.
        let changed: BTreeSet<RuleIndex> = changed.chain(next.user_conditions().dependents().iter().copied()).collect();
        let changed = changed.into_iter().collect();
        Self { old, next, moved, origins, changed }
    }

    /// Returns those of the segments that the next catalog has no more.
    fn removed_of(&self, segments: &[SegmentId]) -> Vec<(SegmentId, SegmentVersion)> {
        let removed = segments.iter().filter(|segment_id| self.next.rule_of(**segment_id).is_none());
        removed
            .filter_map(|segment_id| Some((*segment_id, self.old.rule_of(*segment_id)?.definition.version)))
            .collect()
    }

    /// Takes a user's state over; returns whether its stored form changes.
    fn move_state(&self, user: &mut User, was_in: &[SegmentId], now: Timestamp) -> bool {
        let absorbed = user.take_absorbed();
        let slots = user.take_slots();
        let moved = |slot: Slot| self.moved[slot as usize];
        let gains = !absorbed.is_empty();
        let drops_slots = slots.iter().any(|(slot, _)| moved(slot).is_none());
        let slots = slots.rekeyed(moved).joined(absorbed.slots);
        let (took_all, next_slab) = self.moved_slab(user.slab(), &absorbed.slab, now);
        user.move_to(&self.old, &self.next, Kept { slab: next_slab, slots });
        user.set_members(&self.next, was_in);
        // What was absorbed stands at the instants at which it came.
        if let Some((slots, besides)) = user.slots_and_besides(&self.next) {
            slots.advance(&besides, now, &mut Vec::new());
        }
        // A tag may be another segment's now, or nobody's.
        user.compute_again(&self.next, self.next.user_conditions().slots_of_segments(), now);
        gains || drops_slots || !took_all
    }

    /// Returns whether all series of the old slab are taken over, and the new slab.
    fn moved_slab(&self, old: &Slab, absorbed: &Slab, now: Timestamp) -> (bool, Slab) {
        let mut of_old: FxHashMap<_, _> = unpacked(old, &self.old, now).into_iter().collect();
        let mut of_absorbed: FxHashMap<_, _> = unpacked(absorbed, &self.next, now).into_iter().collect();
        let states = (0..).zip(&self.origins).filter_map(|(index, origin)| {
            let state = match origin {
                Origin::Live(place) => of_old.remove(place),
                Origin::History => of_absorbed.remove(&index),
            };
            Some((index, state?))
        });
        let slab = packed(states.collect(), &self.next).unwrap_or_default();
        (of_old.is_empty(), slab)
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
            self.profiles = Profiles::new(&self.catalog);
            let ids = self.users.present_ids();
            changes.extend(ids.into_iter().filter_map(|user_id| self.switch_user(&switch, user_id, now)));
        }
        changes
    }

    fn switch_user(&mut self, switch: &Switch, user_id: UserId, now: Timestamp) -> Option<SegmentChange> {
        let index = self.users.index_of(user_id)?;
        let user = self.users.at_mut(index)?;
        let was_in = user.segments(&switch.old);
        let stored_form_changes = switch.move_state(user, &was_in, now);
        if user.is_alone() {
            return None;
        }
        let (catalog, profiles, scratch) = (&*switch.next, &mut self.profiles, &mut self.scratch);
        let mut deciding = Deciding { catalog, profiles, scratch };
        user.settle(&mut deciding, now);
        deciding.scratch.consider(catalog, &switch.changed);
        let mut flips = user.decide(&mut deciding);
        flips.leave_removed(switch.removed_of(&was_in));
        self.timers.arm(index, user_id, user.deadline());
        let cause = Cause::Definition { generation: catalog.generation() };
        let change = user.publish(user_id, catalog, flips, cause, now);
        if stored_form_changes || change.is_some() {
            self.users.mark_dirty(index, user_id);
        }
        change
    }
}
