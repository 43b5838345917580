//! A user's aggregates, sparse over a catalog's slots.

use schema::{Event, Timestamp};

use super::Besides;
use crate::Catalog;
use crate::catalog::Slot;
use crate::state::AggregateState;

/// The states that are not empty, ascending by slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Vec<(Slot, AggregateState)>);

impl Slots {
    pub(crate) const NONE: Self = Self(Vec::new());

    pub(crate) fn get(&self, slot: Slot) -> Option<&AggregateState> {
        self.0.binary_search_by_key(&slot, |(known, _)| *known).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &AggregateState)> {
        self.0.iter().map(|(slot, state)| (*slot, state))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Folds an event that passes the filter of an aggregate; returns whether it was of any use.
    pub(crate) fn fold(&mut self, catalog: &Catalog, slot: Slot, event: &Event, now: Timestamp) -> bool {
        let aggregate = catalog.aggregate(slot);
        let Some(occurrence) = aggregate.occurrence(event) else { return false };
        self.change(catalog, slot, |state| state.insert(occurrence, &aggregate.keeping, now));
        true
    }

    /// Returns the earliest instant at which time alone changes an aggregate.
    pub(crate) fn next_change(&self, catalog: &Catalog, slot: Slot) -> Option<Timestamp> {
        self.get(slot)?.next_change(&catalog.aggregate(slot).keeping)
    }

    /// Computes what the events folded so far have left open.
    ///
    /// Apart from [`Self::fold`], because history is folded event by event and computed over once.
    pub(crate) fn settle(&mut self, besides: &Besides<'_>, touched: &[Slot], now: Timestamp) {
        self.each(touched, |slot, state| {
            if state.is_unsettled() {
                state.advance(&besides.catalog.aggregate(slot).keeping, now, besides);
            }
        });
    }

    /// Computes these from scratch, as far as they are there.
    pub(crate) fn compute_again(&mut self, besides: &Besides<'_>, slots: &[Slot], now: Timestamp) {
        self.each(slots, |slot, state| {
            state.unsettle();
            state.advance(&besides.catalog.aggregate(slot).keeping, now, besides);
        });
    }

    fn each(&mut self, slots: &[Slot], call: impl Fn(Slot, &mut AggregateState)) {
        for slot in slots {
            if let Ok(at) = self.0.binary_search_by_key(slot, |(known, _)| *known) {
                call(*slot, &mut self.0[at].1);
            }
        }
    }

    /// Moves every window to `now`; appends the aggregates whose value may have changed.
    pub(crate) fn advance(&mut self, besides: &Besides<'_>, now: Timestamp, touched: &mut Vec<Slot>) {
        let keeping_of = |slot: Slot| &besides.catalog.aggregate(slot).keeping;
        for (slot, state) in &mut self.0 {
            if state.next_change(keeping_of(*slot)).is_some_and(|change| change <= now) {
                state.advance(keeping_of(*slot), now, besides);
                touched.push(*slot);
            }
        }
        self.0.retain(|(_, state)| !state.is_empty());
    }

    /// Changes the state of one aggregate, which is made when it is missing and dropped when it ends empty.
    fn change(&mut self, catalog: &Catalog, slot: Slot, change: impl FnOnce(&mut AggregateState)) {
        let list = &mut self.0;
        let at = match list.binary_search_by_key(&slot, |(known, _)| *known) {
            Ok(at) => at,
            Err(at) => {
                // There are few, and room for four would be more than what most users keep.
                list.reserve_exact(1);
                list.insert(at, (slot, AggregateState::empty(&catalog.aggregate(slot).keeping)));
                at
            }
        };
        change(&mut list[at].1);
        if list[at].1.is_empty() {
            list.remove(at);
        }
    }

    /// Takes the states over to another catalog; those that `moved` has no place for are dropped.
    pub(crate) fn rekeyed(self, moved: impl Fn(Slot) -> Option<Slot>) -> Self {
        let states = self.0.into_iter().filter_map(|(slot, state)| Some((moved(slot)?, state)));
        states.collect()
    }

    /// Joins states of different aggregates of one catalog.
    pub(crate) fn joined(self, other: Self) -> Self {
        self.0.into_iter().chain(other.0).collect()
    }
}

impl FromIterator<(Slot, AggregateState)> for Slots {
    fn from_iter<T: IntoIterator<Item = (Slot, AggregateState)>>(states: T) -> Self {
        let mut states: Vec<_> = states.into_iter().collect();
        states.sort_unstable_by_key(|(slot, _)| *slot);
        Self(states)
    }
}
