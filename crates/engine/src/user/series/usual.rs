//! What nearly every event does to a series: it comes last, and flips nothing.
//!
//! A straight way through all that is otherwise done one after the other: finding the series, folding, and looking at
//! its conditions. Whatever else an event may do is found out here and left to [`fold`](super::fold).

use schema::Event;

use super::latest::{self, Row};
use super::slab::{Slab, series_of, start_of};
use super::{DEADLINE, NEVER, recent};
use crate::catalog::{Catalog, Outline, OutlineKind, SeriesIndex, Target};

/// The series of a user, and which conditions hold and which are watched, as an event comes.
pub(crate) struct Usual<'a> {
    catalog: &'a Catalog,
    /// The cells of all series.
    kept: &'a mut [i64],
    /// How many series there are.
    count: usize,
    set: &'a [i64],
    watched: &'a [u64],
    /// The earliest deadline of the series that an event was folded into.
    pub(crate) earliest: i64,
}

impl<'a> Usual<'a> {
    pub(crate) fn new(slab: &'a mut Slab, catalog: &'a Catalog, watched: &'a [u64]) -> Self {
        let (kept, tail) = slab.all_mut();
        let count = kept.first().map_or(0, |first| start_of(*first));
        Self { catalog, kept, count, set: &tail[catalog.member_words()..], watched, earliest: NEVER }
    }

    /// Folds an event into series whose filter it passes, as far as that flips no condition that is watched. What else
    /// the event does something to is added to a list, and nothing is done to it.
    #[inline(never)]
    pub(crate) fn fold(&mut self, targets: &[Target], event: &Event, unusual: &mut Vec<Target>) {
        let time = event.created_at.as_micros();
        for target in targets {
            let is_usual = match *target {
                Target::Series(index) => {
                    let outline = self.catalog.outline(index);
                    match outline.kind {
                        OutlineKind::Times => self.fold_time(index, outline, time),
                        OutlineKind::Row => self.fold_values(index, event),
                        OutlineKind::Other => false,
                    }
                }
                Target::Aggregate(_) => false,
            };
            if !is_usual {
                unusual.push(*target);
            }
        }
    }

    #[inline]
    fn fold_time(&mut self, index: SeriesIndex, outline: &Outline, time: i64) -> bool {
        if may_flip(outline, self.set, self.watched) {
            return false;
        }
        let Some(cells) = usual_cells(self.kept, self.count, index) else { return false };
        if !recent::push_last(outline, cells, time) {
            return false;
        }
        self.earliest = self.earliest.min(cells[DEADLINE]);
        true
    }

    /// Apart, so that what it takes is not in the way of series of times.
    #[inline(never)]
    fn fold_values(&mut self, index: SeriesIndex, event: &Event) -> bool {
        let Some(cells) = usual_cells(self.kept, self.count, index) else { return false };
        let (catalog, set) = (self.catalog, self.set);
        let row = Row::of(catalog, catalog.series(index));
        let may_change = |number: usize, text: &str| {
            let series = catalog.series(row.members[number]);
            let is_set = |(word, conditions): &(usize, u64)| set[*word] as u64 & conditions != 0;
            !series.condition_words.iter().any(is_set) && !series.kind.names(text)
        };
        latest::repeat_in_place(cells, row, event, may_change)
    }
}

/// Returns the cells of a series, if it is where it is in a user of whom all series are kept that come before.
#[inline]
fn usual_cells(kept: &mut [i64], count: usize, index: SeriesIndex) -> Option<&mut [i64]> {
    let (at, entries) = (index as usize, kept.get(..count)?);
    let entry = *entries.get(at).filter(|entry| series_of(**entry) == index)?;
    let end = entries.get(at + 1).map_or(kept.len(), |next| start_of(*next));
    kept.get_mut(start_of(entry)..end)
}

/// Returns whether the latest event of all may flip a condition of a series of times. It can end nothing that holds
/// already.
#[inline]
fn may_flip(outline: &Outline, set: &[i64], watched: &[u64]) -> bool {
    let word = outline.word as usize;
    let (Some(set), Some(watched_too)) = (set.get(word), watched.get(word)) else { return true };
    if watched_too & !(*set as u64) & outline.conditions != 0 {
        return true;
    }
    outline.orders != 0 && watched.get(outline.order_word as usize).is_none_or(|word| word & outline.orders != 0)
}
