//! Keeping a user's conditions up to date.

use schema::Timestamp;

use super::User;
use super::present::{Deciding, Scratch};
use super::series::{NEVER, Watch, latest_time, look, look_at_values};
use crate::catalog::{Catalog, Condition, Order};

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.flipped.clear();
        self.touched.clear();
        self.orders.clear();
    }
}

/// The conditions of one series, after something happened to it.
pub(super) mod of_series {
    use super::*;
    use crate::catalog::SeriesKind;

    /// Returns until when nothing flips by itself that the event has changed.
    pub(in crate::user) fn after_event(
        user: &mut User,
        deciding: &mut Deciding<'_>,
        at: usize,
        now: Timestamp,
    ) -> Timestamp {
        let catalog = deciding.catalog;
        let watched = &deciding.profiles.get(user.profile.unwrap_or_default()).conditions;
        let (slab, set) = user.slab_and_set();
        let series = catalog.series(slab.series_at(at));
        // One more event can end what is asked of a total, but not of a number of events.
        let only_clear = matches!(series.kind, SeriesKind::Recent(_));
        let wanted = |word: usize, set: u64| watched[word] & if only_clear { !set } else { u64::MAX };
        let mut watch = Watch { catalog, set, flipped: &mut deciding.scratch.flipped, now };
        let earliest = look(slab, at, &mut watch, wanted);
        let deadline = slab.deadline_mut(at);
        *deadline = if only_clear { earliest.min(*deadline) } else { earliest };
        Timestamp::from_micros(*deadline)
    }

    /// Looks at the values that changed, named by bits.
    pub(in crate::user) fn after_values(
        user: &mut User,
        deciding: &mut Deciding<'_>,
        at: usize,
        changed: u64,
        now: Timestamp,
    ) {
        let (slab, set) = user.slab_and_set();
        let flipped = &mut deciding.scratch.flipped;
        let mut watch = Watch { catalog: deciding.catalog, set, flipped, now };
        look_at_values(slab, at, &mut watch, changed, |_, _| u64::MAX);
    }
}

impl User {
    pub(super) fn order_holds(&self, catalog: &Catalog, order: Order) -> bool {
        order.holds(|series| latest_time(&self.kept.slab, catalog, series))
    }

    pub(super) fn look_at_orders(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        let catalog = deciding.catalog;
        let Scratch { orders, flipped, .. } = &mut *deciding.scratch;
        for bit in orders.drain(..) {
            if let Condition::Order(order) = catalog.condition(bit) {
                let holds = self.order_holds(catalog, *order);
                Watch { catalog, set: self.set_mut(), flipped, now }.assign(bit, holds);
            }
        }
    }

    /// Watches what users with the present latest values watch.
    pub(super) fn change_profile(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        let catalog = deciding.catalog;
        let new = deciding.profiles.index_of(catalog, self.set_mut());
        let old = self.profile.replace(new);
        let Some(old) = old.filter(|old| *old != new) else { return };
        let (old, new) = (&deciding.profiles.get(old).conditions, &deciding.profiles.get(new).conditions);
        let flipped = &mut deciding.scratch.flipped;
        let (slab, set) = self.slab_and_set();
        let mut watch = Watch { catalog, set, flipped, now };
        let mut earliest = NEVER;
        for at in 0..slab.len() {
            let found = look(slab, at, &mut watch, |word, _| new[word] & !old[word]);
            let deadline = slab.deadline_mut(at);
            *deadline = found.min(*deadline);
            earliest = earliest.min(*deadline);
        }
        self.hurry(Timestamp::from_micros(earliest));
    }
}
