//! Finding everything out from what is kept: for users that are new, loaded, or of another catalog.

use schema::Timestamp;

use super::User;
use super::present::Deciding;
use super::series::{DEADLINE, Watch, look};
use crate::catalog::{Catalog, Condition, SeriesKind};

impl User {
    /// Looks at every condition as of `now`, and decides no membership.
    ///
    /// Afterwards the deadline is exact.
    pub(crate) fn settle(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        self.decided_at = now;
        self.set_mut(deciding.catalog).copy_from_slice(deciding.catalog.over_nothing());
        self.profile = None;
        // The latest values come first: what else is watched depends on them.
        self.settle_series(deciding, now, |kind| matches!(kind, SeriesKind::Latest(_)));
        self.profile = Some(deciding.profiles.index_of(deciding.catalog, self.set_mut(deciding.catalog)));
        self.settle_series(deciding, now, |kind| !matches!(kind, SeriesKind::Latest(_)));
        self.settle_others(deciding, now);
        let deadline = self.exact_deadline(deciding.catalog);
        self.set_deadline(deadline);
    }

    fn settle_series(&mut self, deciding: &mut Deciding<'_>, now: Timestamp, which: impl Fn(&SeriesKind) -> bool) {
        let catalog = deciding.catalog;
        let watched = &deciding.profiles.get(self.profile).conditions;
        let (mut kept, set) = self.series_and_set(catalog);
        let mut watch = Watch { catalog, set, flipped: &mut deciding.scratch.flipped, now };
        for at in 0..kept.view().len() {
            let series = catalog.series(kept.view().series_at(at));
            if which(&series.kind) {
                let cells = kept.cells_mut(at);
                cells[DEADLINE] = look(series, cells, &mut watch, |word, _| watched[word]);
            }
        }
    }

    fn settle_others(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        let catalog = deciding.catalog;
        for bit in catalog.other_conditions() {
            let holds = match catalog.condition(bit) {
                Condition::OfSeries(..) => continue,
                Condition::Order(order) => self.order_holds(catalog, *order),
                Condition::General(general) => self.general_holds(catalog, general, now),
            };
            let flipped = &mut deciding.scratch.flipped;
            Watch { catalog, set: self.set_mut(catalog), flipped, now }.assign(bit, holds);
        }
    }

    /// Returns the earliest instant at which time alone can change anything.
    fn exact_deadline(&self, catalog: &Catalog) -> Option<Timestamp> {
        let of_series = self.slab.view().earliest_deadline();
        [self.general_deadline(catalog), of_series].into_iter().flatten().min()
    }
}
