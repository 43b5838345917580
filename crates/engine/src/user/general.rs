//! Conditions that are expressions, over aggregates that are folded one by one.

use rules::eval::{Scope, evaluate, is_true};
use rules::{Aggregate, Column, UserColumn, Value};
use schema::Timestamp;

use super::present::Deciding;
use super::series::Watch;
use super::{Besides, Slots, User};
use crate::catalog::{Bit, Catalog, GeneralCondition, Slot};

/// What a condition is evaluated over: the values of the aggregates it reads.
struct Values<'a> {
    catalog: &'a Catalog,
    condition: &'a GeneralCondition,
    slots: &'a Slots,
    besides: Besides<'a>,
    now: Timestamp,
}

impl Scope for Values<'_> {
    fn column(&self, _: Column) -> Value {
        Value::Null
    }

    fn aggregate(&self, _: &Aggregate) -> Value {
        Value::Null
    }

    fn slot(&self, index: usize) -> Value {
        let Some(slot) = self.condition.slots.get(index).copied().flatten() else { return Value::Null };
        let aggregate = self.catalog.aggregate(slot);
        match self.slots.get(slot) {
            Some(state) => state.value(&aggregate.keeping),
            None => aggregate.spec.function.over_nothing(),
        }
    }

    fn of_user(&self, column: UserColumn) -> Value {
        self.besides.of_user(column)
    }

    fn is_in_segment(&self, tag: &str) -> bool {
        self.besides.is_in_segment(tag)
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl User {
    fn values<'a>(&'a self, catalog: &'a Catalog, condition: &'a GeneralCondition, now: Timestamp) -> Values<'a> {
        Values { catalog, condition, slots: self.slots(), besides: self.besides(catalog), now }
    }

    pub(super) fn general_holds(&self, catalog: &Catalog, condition: &GeneralCondition, now: Timestamp) -> bool {
        is_true(&condition.expr, &self.values(catalog, condition, now))
    }

    pub(super) fn look_at_general(&mut self, deciding: &mut Deciding<'_>, bits: &[Bit], now: Timestamp) {
        let catalog = deciding.catalog;
        for bit in bits {
            let Some(condition) = catalog.general(*bit) else { continue };
            let holds = self.general_holds(catalog, condition, now);
            let flipped = &mut deciding.scratch.flipped;
            Watch { catalog, set: self.set_mut(catalog), flipped, now }.assign(*bit, holds);
        }
    }

    /// Looks at conditions that something else than events and time has changed, and at those that read
    /// aggregates which it has.
    pub(super) fn look_at_user(&mut self, deciding: &mut Deciding<'_>, bits: &[Bit], slots: &[Slot], now: Timestamp) {
        let catalog = deciding.catalog;
        self.compute_again(catalog, slots, now);
        let readers = slots.iter().map(|slot| catalog.aggregate(*slot).readers.as_slice());
        let bits = conditions_of(readers.chain([bits]));
        self.look_at_general(deciding, &bits, now);
        let flips = bits.iter().filter_map(|bit| self.next_flip(catalog, *bit, now));
        let changes = slots.iter().filter_map(|slot| self.slots().next_change(catalog, *slot));
        if let Some(deadline) = flips.chain(changes).min() {
            self.hurry(deadline);
        }
    }

    /// Computes aggregates anew that look at something else than events and time.
    pub(crate) fn compute_again(&mut self, catalog: &Catalog, slots: &[Slot], now: Timestamp) {
        if let Some((kept, besides)) = self.slots_and_besides(catalog) {
            kept.compute_again(&besides, slots, now);
        }
    }

    /// Looks at what reads the aggregates that an event was folded into.
    pub(super) fn look_at_touched(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        if deciding.scratch.touched.is_empty() {
            return;
        }
        let catalog = deciding.catalog;
        let touched = std::mem::take(&mut deciding.scratch.touched);
        if let Some((slots, besides)) = self.slots_and_besides(catalog) {
            slots.settle(&besides, &touched, now);
        }
        let readers = conditions_of(touched.iter().map(|slot| catalog.aggregate(*slot).readers.as_slice()));
        self.look_at_general(deciding, &readers, now);
        let now_readers = conditions_of(touched.iter().map(|slot| catalog.aggregate(*slot).now_readers.as_slice()));
        let changes = touched.iter().filter_map(|slot| self.slots().next_change(catalog, *slot));
        let flips = now_readers.iter().filter_map(|bit| self.next_flip(catalog, *bit, now));
        if let Some(deadline) = changes.chain(flips).min() {
            self.hurry(deadline);
        }
        deciding.scratch.touched = touched;
    }

    /// Returns whether anything is kept or asked besides series.
    pub(super) fn has_general(&self, catalog: &Catalog) -> bool {
        !self.slots().is_empty() || !catalog.now_conditions().is_empty()
    }

    /// Returns the conditions of which a comparison with `now()` flips by itself up to `at`.
    pub(super) fn due_comparisons(&self, catalog: &Catalog, at: Timestamp) -> Vec<Bit> {
        let due = |bit: &Bit| self.next_flip(catalog, *bit, self.decided_at).is_some_and(|flip| flip <= at);
        catalog.now_conditions().iter().copied().filter(due).collect()
    }

    /// Returns the earliest instant at which time alone can change something of aggregates that are
    /// folded one by one, or flip a comparison with `now()`.
    pub(super) fn general_deadline(&self, catalog: &Catalog) -> Option<Timestamp> {
        if !self.has_general(catalog) {
            return None;
        }
        let changes = self.slots().iter().filter_map(|(slot, _)| self.slots().next_change(catalog, slot));
        let flips = catalog.now_conditions().iter().filter_map(|bit| self.next_flip(catalog, *bit, self.decided_at));
        changes.chain(flips).min()
    }

    /// Returns the first instant after `after` at which a condition's comparison with `now()` flips by itself.
    fn next_flip(&self, catalog: &Catalog, bit: Bit, after: Timestamp) -> Option<Timestamp> {
        let condition = catalog.general(bit)?;
        let values = self.values(catalog, condition, after);
        let flips =
            condition.now_comparisons.iter().filter_map(|comparison| match evaluate(&comparison.time, &values) {
                Value::Timestamp(time) => comparison.next_flip(time, after),
                _ => None,
            });
        flips.min()
    }
}

/// Joins lists of conditions: each once, ascending.
fn conditions_of<'a>(lists: impl Iterator<Item = &'a [Bit]>) -> Vec<Bit> {
    let mut bits: Vec<Bit> = lists.flatten().copied().collect();
    bits.sort_unstable();
    bits.dedup();
    bits
}
