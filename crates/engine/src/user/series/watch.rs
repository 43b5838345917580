//! Folding an event into a series, and keeping its conditions up to date.

use rules::Column;
use schema::{Event, Timestamp};

use super::slab::Slab;
use super::{NEVER, latest, recent, total};
use crate::bits;
use crate::catalog::{Bit, Catalog, Condition, Series, SeriesCondition, SeriesIndex, SeriesKind};
use crate::row::text_of;

/// What folding an event into a series may have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Folded {
    /// Nothing.
    Nothing,
    /// What the conditions of windows ask for.
    Events { is_latest: bool },
    /// A latest value, which other users' profiles know.
    Value,
}

/// Folds an event into a series whose filter it passes.
pub(crate) fn fold(slab: &mut Slab, index: SeriesIndex, series: &Series, event: &Event, now: Timestamp) -> Folded {
    let time = event.created_at.as_micros();
    match &series.kind {
        SeriesKind::Recent(spec) => {
            let at = slab.find_or_insert(index, || recent::fresh(spec));
            Folded::Events { is_latest: recent::insert(slab, at, spec, time) }
        }
        SeriesKind::Total(spec) => {
            let Some(units) = order_total_units(event) else { return Folded::Nothing };
            let at = slab.find_or_insert(index, || total::fresh(spec));
            total::insert(slab, at, spec, time, units, now.as_micros());
            Folded::Events { is_latest: false }
        }
        SeriesKind::Latest(spec) => {
            let Some(text) = text_of(event, spec.column) else { return Folded::Nothing };
            let Some(at) = slab.find(index) else {
                slab.find_or_insert(index, || latest::packed(spec, time, event.event_id, text));
                return Folded::Value;
            };
            let changed = latest::insert(slab, at, spec, time, event.event_id, text);
            if changed { Folded::Value } else { Folded::Nothing }
        }
    }
}

/// A column of DECIMAL(18,4) fits by its type.
fn order_total_units(event: &Event) -> Option<i64> {
    debug_assert_eq!(Column::OrderTotal.sql_type(), rules::SqlType::Decimal { scale: Event::ORDER_TOTAL_SCALE });
    i64::try_from(event.order_total?.rescale_up(Event::ORDER_TOTAL_SCALE)?.units()).ok()
}

/// A user's conditions, while they are brought up to date.
pub(crate) struct Watch<'a> {
    pub(crate) catalog: &'a Catalog,
    /// Which conditions are set.
    pub(crate) set: &'a mut [u64],
    /// Those that changed.
    pub(crate) flipped: &'a mut Vec<Bit>,
    pub(crate) now: Timestamp,
}

impl Watch<'_> {
    pub(crate) fn assign(&mut self, bit: Bit, holds: bool) {
        if bits::assign(self.set, bit, holds) {
            self.flipped.push(bit);
        }
    }
}

/// Looks at the conditions of the series at a place of the slab that `wanted` picks out of each word of
/// conditions (given their present values); returns the earliest instant at which time alone can flip
/// one of them.
pub(crate) fn look(slab: &mut Slab, at: usize, watch: &mut Watch<'_>, wanted: impl Fn(usize, u64) -> u64) -> i64 {
    let catalog = watch.catalog;
    let series = catalog.series(slab.series_at(at));
    let now = watch.now.as_micros();
    if let SeriesKind::Total(spec) = &series.kind {
        total::advance(spec, slab.cells_mut(at), now);
    }
    let cells = slab.cells(at);
    let mut deadline = NEVER;
    for word in bits::words_of(&series.conditions) {
        let wanted = wanted(word, watch.set[word]) & bits::within(word, &series.conditions);
        for bit in bits::of_word(word, wanted) {
            let Condition::OfSeries(_, condition) = catalog.condition(bit) else { continue };
            let (holds, until) = holds(series, cells, *condition, now);
            watch.assign(bit, holds);
            deadline = deadline.min(until);
        }
    }
    deadline
}

fn holds(series: &Series, cells: &[i64], condition: SeriesCondition, now: i64) -> (bool, i64) {
    match &series.kind {
        SeriesKind::Recent(spec) => recent::holds(spec, cells, condition, now),
        SeriesKind::Total(spec) => total::holds(spec, cells, condition),
        SeriesKind::Latest(_) => (latest::holds(cells, condition), NEVER),
    }
}

/// Returns the latest time of a series of times.
pub(crate) fn latest_time(slab: &Slab, catalog: &Catalog, index: SeriesIndex) -> Option<Timestamp> {
    let SeriesKind::Recent(spec) = &catalog.series(index).kind else { return None };
    let times = recent::times(spec, slab.cells(slab.find(index)?));
    times.last().map(|time| Timestamp::from_micros(*time))
}
