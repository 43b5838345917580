//! Whether rules hold for a user, and when time alone may change that.

use rules::eval::{Scope, evaluate, is_true};
use rules::{Aggregate, Column, Value};
use schema::Timestamp;

use super::{Flips, Slots, User};
use crate::Catalog;
use crate::catalog::{CatalogRule, RuleIndex, Slot};

/// What a rule's membership is evaluated over: the values of the aggregates it reads.
struct Values<'a> {
    catalog: &'a Catalog,
    rule: &'a CatalogRule,
    slots: &'a Slots,
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
        let slot = self.rule.slots[index];
        let aggregate = self.catalog.aggregate(slot);
        match self.slots.get(slot) {
            Some(state) => state.value(&aggregate.keeping),
            None => aggregate.spec.function.over_nothing(),
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl User {
    fn values<'a>(&'a self, catalog: &'a Catalog, rule: &'a CatalogRule, now: Timestamp) -> Values<'a> {
        Values { catalog, rule, slots: &self.slots, now }
    }

    /// Evaluates rules at `now` and returns which memberships differ from what they were.
    pub(super) fn flips(&self, catalog: &Catalog, rules: &[RuleIndex], now: Timestamp) -> Flips {
        let mut flips = Flips::default();
        for rule in rules.iter().map(|index| catalog.rule(*index)) {
            let segment_id = rule.definition.segment_id;
            let was = self.members.binary_search(&segment_id).is_ok();
            let is = is_true(&rule.membership, &self.values(catalog, rule, now));
            match (was, is) {
                (false, true) => flips.entered.push(segment_id),
                (true, false) => flips.left.push(segment_id),
                _ => {}
            }
        }
        flips
    }

    /// Returns the first instant after `after` at which a rule's comparison with `now()` flips by itself.
    pub(super) fn next_flip(&self, catalog: &Catalog, rule: RuleIndex, after: Timestamp) -> Option<Timestamp> {
        let rule = catalog.rule(rule);
        let values = self.values(catalog, rule, after);
        let flips = rule.now_comparisons.iter().filter_map(|comparison| match evaluate(&comparison.time, &values) {
            Value::Timestamp(time) => comparison.next_flip(time, after),
            _ => None,
        });
        flips.min()
    }

    /// Returns the earliest instant after `after` at which time alone may change something of these
    /// aggregates and rules.
    pub(super) fn next_change(
        &self,
        catalog: &Catalog,
        slots: &[Slot],
        rules: &[RuleIndex],
        after: Timestamp,
    ) -> Option<Timestamp> {
        let of_slot = |slot: &Slot| self.slots.get(*slot)?.next_change(&catalog.aggregate(*slot).keeping);
        let changes = slots.iter().filter_map(of_slot);
        let flips = rules.iter().filter_map(|rule| self.next_flip(catalog, *rule, after));
        changes.chain(flips).min()
    }
}

/// Returns the rules that `readers` gives for the slots, each once, ascending.
pub(super) fn rules_of<'a>(
    slots: impl IntoIterator<Item = Slot>,
    readers: impl Fn(Slot) -> &'a [RuleIndex],
) -> Vec<RuleIndex> {
    let mut rules: Vec<RuleIndex> = slots.into_iter().flat_map(|slot| readers(slot).iter().copied()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
