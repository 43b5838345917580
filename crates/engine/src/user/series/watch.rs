//! Folding an event into a series, and keeping its conditions up to date.

use rules::Column;
use schema::{Event, Timestamp};

use super::latest::Row;
use super::slab::{Slab, View};
use super::{NEVER, latest, recent, total};
use crate::bits;
use crate::catalog::{Bit, Catalog, Condition, Series, SeriesIndex, SeriesKind, TotalSpec};
use crate::row::text_of;

/// What folding an event into a series may have changed, and where in the slab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Folded {
    /// Nothing.
    Nothing,
    /// What the conditions of windows ask for.
    Events { at: usize, is_latest: bool },
    /// Latest values, which other users' profiles know; which of their row, as bits.
    Values { at: usize, changed: u64 },
}

/// Folds an event into a series whose filter it passes, and into those of its row, as far as they are
/// wanted.
pub(crate) fn fold(
    slab: &mut Slab,
    catalog: &Catalog,
    index: SeriesIndex,
    event: &Event,
    now: Timestamp,
    wanted: impl Fn(SeriesIndex) -> bool + Copy,
) -> Folded {
    let time = event.created_at.as_micros();
    let series = catalog.series(index);
    match &series.kind {
        SeriesKind::Latest(_) => fold_latest(slab, Row::of(catalog, series), index, event, wanted),
        _ if !wanted(index) => Folded::Nothing,
        SeriesKind::Recent(spec) => {
            let at = slab.find_or_insert(index, || recent::fresh(spec));
            Folded::Events { at, is_latest: recent::insert(slab, at, spec, time) }
        }
        SeriesKind::Total(spec) => {
            let Some(units) = order_total_units(event) else { return Folded::Nothing };
            let at = slab.find_or_insert(index, || total::fresh(spec));
            total::insert(slab, at, spec, time, units, now.as_micros());
            Folded::Events { at, is_latest: false }
        }
    }
}

fn fold_latest(
    slab: &mut Slab,
    row: Row<'_>,
    first: SeriesIndex,
    event: &Event,
    wanted: impl Fn(SeriesIndex) -> bool + Copy,
) -> Folded {
    let place = (event.created_at.as_micros(), event.event_id);
    let text_of = |number: usize| text_of(event, row.columns[number]).filter(|_| wanted(row.members[number]));
    match latest::insert(slab, first, row, place, text_of) {
        Some((at, changed)) if changed != 0 => Folded::Values { at, changed },
        _ => Folded::Nothing,
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

/// Looks at the conditions of a series, given its cells, that `wanted` picks out of each word of conditions
/// (given their present values); returns the earliest instant at which time alone can flip one of them.
pub(crate) fn look(
    series: &Series,
    cells: &mut [i64],
    watch: &mut Watch<'_>,
    wanted: impl Fn(usize, u64) -> u64,
) -> i64 {
    let catalog = watch.catalog;
    let now = watch.now.as_micros();
    if matches!(series.kind, SeriesKind::Latest(_)) {
        look_at_values(series, cells, watch, u64::MAX, wanted);
        return NEVER;
    }
    if let SeriesKind::Total(spec) = &series.kind {
        total::advance(spec, cells, now);
    }
    let mut deadline = NEVER;
    for (word, conditions) in &series.condition_words {
        let (word, wanted) = (*word, wanted(*word, watch.set[*word]) & conditions);
        for bit in bits::of_word(word, wanted) {
            let (holds, until) = match &series.kind {
                SeriesKind::Recent(spec) => recent::holds(catalog.asked(bit), spec.ever > 0, cells, now),
                SeriesKind::Total(spec) => total_holds(catalog, spec, cells, bit),
                SeriesKind::Latest(_) => (false, NEVER),
            };
            watch.assign(bit, holds);
            deadline = deadline.min(until);
        }
    }
    deadline
}

#[inline(never)]
fn total_holds(catalog: &Catalog, spec: &TotalSpec, cells: &[i64], bit: Bit) -> (bool, i64) {
    match catalog.condition(bit) {
        Condition::OfSeries(_, condition) => total::holds(spec, cells, *condition),
        _ => (false, NEVER),
    }
}

/// Looks at the conditions of those values of a row, given its first series and its cells, that are named
/// by bits.
pub(crate) fn look_at_values(
    first: &Series,
    cells: &[i64],
    watch: &mut Watch<'_>,
    which: u64,
    wanted: impl Fn(usize, u64) -> u64,
) {
    let catalog = watch.catalog;
    for (number, (member, code)) in first.row.iter().zip(latest::codes(cells)).enumerate() {
        if which & (1 << number) == 0 {
            continue;
        }
        let Series { condition_words, kind: SeriesKind::Latest(spec), .. } = catalog.series(*member) else { continue };
        let known = latest::Known::of(spec, code);
        for (word, conditions) in condition_words {
            for bit in bits::of_word(*word, wanted(*word, watch.set[*word]) & conditions) {
                let Condition::OfSeries(_, condition) = catalog.condition(bit) else { continue };
                watch.assign(bit, known.holds(*condition));
            }
        }
    }
}

/// Returns the latest time of a series of times.
pub(crate) fn latest_time(kept: View<'_>, catalog: &Catalog, index: SeriesIndex) -> Option<Timestamp> {
    let SeriesKind::Recent(spec) = &catalog.series(index).kind else { return None };
    let times = recent::times(spec, kept.cells(kept.find(index)?));
    times.last().map(|time| Timestamp::from_micros(*time))
}
