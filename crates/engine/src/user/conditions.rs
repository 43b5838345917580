//! Keeping a user's conditions up to date.

use schema::Timestamp;

use super::User;
use super::fold::Folding;
use super::present::{Deciding, Scratch};
use super::series::{DEADLINE, NEVER, Watch, latest_time, look, look_at_values};
use crate::bits;
use crate::catalog::{Catalog, Condition, Order, Series, SeriesKind};

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.flipped.clear();
        self.touched.clear();
        self.orders.clear();
    }
}

impl Scratch {
    /// Returns whether there is anything to look at further, or to decide.
    pub(super) const fn has_found(&self) -> bool {
        !(self.flipped.is_empty() && self.touched.is_empty() && self.orders.is_empty())
    }
}

impl Folding<'_> {
    /// Looks at what an event may have flipped of the conditions of the series at a place.
    pub(super) fn look_at_series(&mut self, user: &mut User, at: usize, series: &Series) {
        let (catalog, watched) = (self.catalog, self.watched);
        let (mut kept, set) = user.series_and_set(catalog);
        let cells = kept.cells_mut(at);
        // One more event can end what is asked of a total, but not of a number of events.
        let only_clear = matches!(series.kind, SeriesKind::Recent(_));
        let wanted = |word: usize, set: u64| watched[word] & if only_clear { !set } else { u64::MAX };
        let is_open = |(word, conditions): &(usize, u64)| wanted(*word, set[*word]) & conditions != 0;
        if !only_clear || series.condition_words.iter().any(is_open) {
            let mut watch = Watch { catalog, set, flipped: &mut self.scratch.flipped, now: self.now };
            let earliest = look(series, cells, &mut watch, wanted);
            cells[DEADLINE] = if only_clear { earliest.min(cells[DEADLINE]) } else { earliest };
        }
        self.earliest = self.earliest.min(cells[DEADLINE]);
    }

    /// Looks at the conditions of the values of a row that changed, named by bits.
    pub(super) fn look_at_row(&mut self, user: &mut User, at: usize, first: &Series, changed: u64) {
        let catalog = self.catalog;
        let (kept, set) = user.series_and_set(catalog);
        let mut watch = Watch { catalog, set, flipped: &mut self.scratch.flipped, now: self.now };
        look_at_values(first, kept.view().cells(at), &mut watch, changed, |_, _| u64::MAX);
    }
}

impl User {
    pub(super) fn order_holds(&self, catalog: &Catalog, order: Order) -> bool {
        order.holds(|series| latest_time(self.slab.view(), catalog, series))
    }

    pub(super) fn look_at_orders(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        let catalog = deciding.catalog;
        let Scratch { orders, flipped, .. } = &mut *deciding.scratch;
        for bit in orders.drain(..) {
            if let Condition::Order(order) = catalog.condition(bit) {
                let holds = self.order_holds(catalog, *order);
                Watch { catalog, set: self.set_mut(catalog), flipped, now }.assign(bit, holds);
            }
        }
    }

    /// Watches what users with the present latest values watch.
    pub(super) fn change_profile(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        let catalog = deciding.catalog;
        let new = deciding.profiles.index_of(catalog, self.set_mut(catalog));
        let old = self.profile.replace(new);
        if old.is_none_or(|old| old == new) {
            return;
        }
        let (old, new) = (&deciding.profiles.get(old).conditions, &deciding.profiles.get(Some(new)).conditions);
        let flipped = &mut deciding.scratch.flipped;
        let (mut kept, set) = self.series_and_set(catalog);
        let mut watch = Watch { catalog, set, flipped, now };
        let mut earliest = NEVER;
        for at in 0..kept.view().len() {
            let index = kept.view().series_at(at);
            if !catalog.outline(index).has_any(|word| new[word] & !old[word]) {
                continue;
            }
            let cells = kept.cells_mut(at);
            let found = look(catalog.series(index), cells, &mut watch, |word, _| new[word] & !old[word]);
            cells[DEADLINE] = found.min(cells[DEADLINE]);
            earliest = earliest.min(cells[DEADLINE]);
        }
        self.hurry(Timestamp::from_micros(earliest));
        let others = catalog.other_conditions();
        for (word, within) in bits::words_of(&others).map(|word| (word, bits::within(word, &others))) {
            deciding.scratch.orders.extend(bits::of_word(word, new[word] & !old[word] & within));
        }
        self.look_at_orders(deciding, now);
    }
}
