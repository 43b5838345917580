//! Finding everything out from what is kept: for users that are new, loaded, or of another catalog.

use schema::Timestamp;

use super::User;
use super::present::Deciding;
use super::series::{NEVER, Watch, deadline_of, look};
use crate::catalog::{Catalog, Condition, SeriesKind};

impl User {
    /// Looks at every condition as of `now`, and decides no membership.
    ///
    /// Afterwards the deadline is exact.
    pub(crate) fn settle(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        self.decided_at = now;
        self.set = deciding.catalog.over_nothing().into();
        self.profile = None;
        // The latest values come first: what else is watched depends on them.
        self.settle_series(deciding, now, |kind| matches!(kind, SeriesKind::Latest(_)));
        self.profile = Some(deciding.profiles.index_of(deciding.catalog, &self.set));
        self.settle_series(deciding, now, |kind| !matches!(kind, SeriesKind::Latest(_)));
        self.settle_others(deciding, now);
        let deadline = self.exact_deadline(deciding.catalog);
        self.set_deadline(deadline);
    }

    fn settle_series(&mut self, deciding: &mut Deciding<'_>, now: Timestamp, which: impl Fn(&SeriesKind) -> bool) {
        let catalog = deciding.catalog;
        let watched = &deciding.profiles.get(self.profile.unwrap_or_default()).conditions;
        for at in 0..self.kept.slab.len() {
            let series = catalog.series(self.kept.slab.series_at(at));
            if !which(&series.kind) {
                continue;
            }
            let flipped = &mut deciding.scratch.flipped;
            let mut watch = Watch { catalog, set: &mut self.set, flipped, now };
            let earliest = look(&mut self.kept.slab, at, &mut watch, |word, _| watched[word]);
            if let Some(deadline) = deadline_of(&mut self.kept.slab, at, series) {
                *deadline = earliest;
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
            Watch { catalog, set: &mut self.set, flipped, now }.assign(bit, holds);
        }
    }

    /// Returns the earliest instant at which time alone can change anything.
    pub(super) fn exact_deadline(&mut self, catalog: &Catalog) -> Option<Timestamp> {
        let general = self.general_deadline(catalog);
        let of_series = self.earliest_of_series(catalog);
        [general, of_series].into_iter().flatten().min()
    }

    /// Returns the earliest of the series' own deadlines.
    pub(super) fn earliest_of_series(&mut self, catalog: &Catalog) -> Option<Timestamp> {
        let slab = &mut self.kept.slab;
        let mut earliest = NEVER;
        for at in 0..slab.len() {
            let series = catalog.series(slab.series_at(at));
            if let Some(deadline) = deadline_of(slab, at, series) {
                earliest = earliest.min(*deadline);
            }
        }
        (earliest != NEVER).then(|| Timestamp::from_micros(earliest))
    }
}
