//! Folding history for the next catalog, beside the live one.
//!
//! Only the aggregates that the live catalog does not keep (or not enough of) are folded anew; all
//! others go on as they are. Folds do not depend on order, so live events and history may come mixed.

use std::sync::Arc;

use schema::{Event, Generation, Timestamp};

use super::partition::Engine;
use crate::Catalog;
use crate::catalog::{Series, SeriesIndex, Slot, Target};
use crate::user::User;

/// The next catalog, and which of its aggregates come from history.
#[derive(Debug)]
pub(super) struct Absorbing {
    pub(super) catalog: Arc<Catalog>,
    /// By slot of the next catalog: where its state comes from.
    pub(super) origins: Vec<Origin<Slot>>,
    /// By series of the next catalog.
    pub(super) series_origins: Vec<Origin<SeriesIndex>>,
}

/// Where the state of an aggregate or series of the next catalog comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin<Place> {
    /// The live catalog keeps it, in this place.
    Live(Place),
    /// It is absorbed.
    History,
}

impl Absorbing {
    fn new(live: &Catalog, next: Arc<Catalog>) -> Self {
        let origin = |aggregate: &crate::catalog::CatalogAggregate| {
            let kept = live.slot_of(aggregate.key);
            let kept = kept.filter(|slot| live.aggregate(*slot).keeps_enough_for(aggregate));
            kept.map_or(Origin::History, Origin::Live)
        };
        let origins = next.aggregates().iter().map(origin).collect();
        let series_origin = |series: &Series| {
            let kept = live.series_of(series.key);
            let kept = kept.filter(|index| live.series(*index).kind.serves(&series.kind));
            kept.map_or(Origin::History, Origin::Live)
        };
        let series_origins = next.all_series().iter().map(series_origin).collect();
        Self { catalog: next, origins, series_origins }
    }

    fn is_from_history(&self, target: Target) -> bool {
        match target {
            Target::Aggregate(slot) => self.origins[slot as usize] == Origin::History,
            Target::Series(index) => self.series_origins[index as usize] == Origin::History,
        }
    }

    fn needs_history(&self) -> bool {
        self.origins.contains(&Origin::History) || self.series_origins.contains(&Origin::History)
    }

    pub(super) fn fold(&self, user: &mut User, event: &Event, now: Timestamp) {
        if !self.needs_history() {
            return;
        }
        user.absorbing_mut().fold(&self.catalog, event, now, |target| self.is_from_history(target));
    }
}

impl Engine {
    /// Starts to fold, beside the live catalog, what `next` needs and the live one does not keep:
    /// from here on by `apply`, and from history by `absorb`, in any order, each event once.
    ///
    /// What an earlier call started is given up. Whoever is away must have been brought back.
    ///
    /// # Panics
    ///
    /// When somebody is away.
    pub fn begin_absorbing(&mut self, next: Arc<Catalog>) {
        assert!(self.users.away().is_empty(), "everyone is brought back before other definitions are absorbed");
        self.abandon_absorbing();
        self.absorbing = Some(Absorbing::new(&self.catalog, next));
    }

    /// Gives up what `begin_absorbing` started.
    pub fn abandon_absorbing(&mut self) {
        if self.absorbing.take().is_some() {
            self.users.all_present_mut().for_each(|user| drop(user.take_absorbed()));
        }
    }

    /// Returns the catalog whose history is being absorbed.
    pub fn absorbing(&self) -> Option<Generation> {
        self.absorbing.as_ref().map(|absorbing| absorbing.catalog.generation())
    }

    /// Returns whether a switch from the live catalog to `next` needs any history.
    pub fn needs_history_for(&self, next: &Arc<Catalog>) -> bool {
        Absorbing::new(&self.catalog, Arc::clone(next)).needs_history()
    }

    /// Folds one event of the history before `begin_absorbing`; changes no membership.
    pub fn absorb(&mut self, event: &Event) {
        let Some(absorbing) = &self.absorbing else { return };
        let index = self.users.index_or_new(event.user_id, || User::new(&self.catalog));
        if let Some(user) = index.and_then(|index| self.users.at_mut(index)) {
            user.is_seen();
            absorbing.fold(user, event, self.clock.now);
        }
    }
}
