//! Folding history for the next catalog, beside the live one.
//!
//! Only the aggregates that the live catalog does not keep (or not enough of) are folded anew; all
//! others go on as they are. Folds do not depend on order, so live events and history may come mixed.

use std::sync::Arc;

use schema::{Event, Generation, Timestamp};

use super::partition::Engine;
use crate::Catalog;
use crate::catalog::Slot;
use crate::user::{Slots, User};

/// The next catalog, and which of its aggregates come from history.
#[derive(Debug)]
pub(super) struct Absorbing {
    pub(super) catalog: Arc<Catalog>,
    /// By slot of the next catalog: where its state comes from.
    pub(super) origins: Vec<Origin>,
}

/// Where the state of an aggregate of the next catalog comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// The live catalog keeps it, in this slot.
    Live(Slot),
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
        Self { catalog: next, origins }
    }

    pub(super) fn fold(&self, user: &mut User, event: &Event, now: Timestamp) {
        let from_history = |slot: Slot| self.origins[slot as usize] == Origin::History;
        user.absorbing.fold(&self.catalog, event, now, from_history);
    }
}

impl Engine {
    /// Starts to fold, beside the live catalog, what `next` needs and the live one does not keep:
    /// from here on by `apply`, and from history by `absorb`, in any order, each event once.
    ///
    /// What an earlier call started is given up.
    pub fn begin_absorbing(&mut self, next: Arc<Catalog>) {
        self.abandon_absorbing();
        self.absorbing = Some(Absorbing::new(&self.catalog, next));
    }

    /// Gives up what `begin_absorbing` started.
    pub fn abandon_absorbing(&mut self) {
        if self.absorbing.take().is_some() {
            self.users.all_present_mut().for_each(|user| user.absorbing = Slots::default());
        }
    }

    /// Returns the catalog whose history is being absorbed.
    pub fn absorbing(&self) -> Option<Generation> {
        self.absorbing.as_ref().map(|absorbing| absorbing.catalog.generation())
    }

    /// Returns whether a switch from the live catalog to `next` needs any history.
    pub fn needs_history_for(&self, next: &Arc<Catalog>) -> bool {
        Absorbing::new(&self.catalog, Arc::clone(next)).origins.contains(&Origin::History)
    }

    /// Folds one event of the history before `begin_absorbing`; changes no membership.
    pub fn absorb(&mut self, event: &Event) {
        let Some(absorbing) = &self.absorbing else { return };
        if let Some(user) = self.users.present_or_new(event.user_id) {
            absorbing.fold(user, event, self.clock.now);
        }
    }
}
