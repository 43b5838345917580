//! What nearly every event does to a series: it comes last, and asks for no more room.
//!
//! A straight way through all that is otherwise done one after the other: finding the series, folding, and looking at
//! its conditions. Whatever else an event may do is found out here and left to [`fold`](super::fold).

use schema::{Event, Timestamp};

use super::latest::{Repeating, Row};
use super::slab::{Slab, series_of, start_of};
use super::{DEADLINE, NEVER, recent};
use crate::bits;
use crate::catalog::{Bit, Catalog, Outline, OutlineKind, SeriesIndex, Target};
use crate::row::text_of;

/// Which conditions are watched, as an event comes, and which flip.
pub(crate) struct Watching<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) watched: &'a [u64],
    pub(crate) flipped: &'a mut Vec<Bit>,
    pub(crate) now: Timestamp,
}

/// The series of a user, and which conditions hold and which are watched, as an event comes.
pub(crate) struct Usual<'a> {
    catalog: &'a Catalog,
    /// The cells of all series.
    kept: &'a mut [i64],
    /// How many series there are.
    count: usize,
    set: &'a mut [i64],
    watched: &'a [u64],
    flipped: &'a mut Vec<Bit>,
    now: i64,
    /// The earliest deadline of the series that an event was folded into.
    pub(crate) earliest: i64,
}

impl<'a> Usual<'a> {
    pub(crate) fn new(slab: &'a mut Slab, watch: Watching<'a>) -> Self {
        let Watching { catalog, watched, flipped, now } = watch;
        let (kept, tail) = slab.all_mut();
        let count = kept.first().map_or(0, |first| start_of(*first));
        let set = &mut tail[catalog.member_words()..];
        Self { catalog, kept, count, set, watched, flipped, now: now.as_micros(), earliest: NEVER }
    }

    /// Folds an event into series whose filter it passes, as far as that is usual, and looks at their conditions. What
    /// else the event does something to is added to a list, and nothing is done to it.
    #[inline(never)]
    pub(crate) fn fold(&mut self, targets: &[Target], event: &Event, unusual: &mut Vec<Target>) {
        let time = event.created_at.as_micros();
        for target in targets {
            let is_usual = match *target {
                Target::Series(index) => {
                    let outline = self.catalog.outline(index);
                    match outline.kind {
                        OutlineKind::Times => self.fold_time(index, outline, time),
                        OutlineKind::Row => self.fold_values(index, outline.is_place, event),
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
        if outline.orders != 0 && self.watched[outline.order_word as usize] & outline.orders != 0 {
            return false;
        }
        let Some(cells) = usual_cells(self.kept, self.count, index) else { return false };
        if !recent::push_last(outline, cells, time) {
            return false;
        }
        self.earliest = self.earliest.min(cells[DEADLINE]);
        if outline.conditions != 0 {
            self.look(index, outline, (outline.word as usize, outline.conditions));
        }
        if outline.is_wide {
            let behind = self.catalog.series(index).condition_words.iter().skip(1);
            behind.for_each(|in_word| self.look(index, outline, *in_word));
        }
        true
    }

    /// Looks at the conditions of a word that do not hold: one more event can end nothing that holds already.
    #[inline]
    fn look(&mut self, index: SeriesIndex, outline: &Outline, (word, conditions): (usize, u64)) {
        let open = self.watched[word] & !(self.set[word] as u64) & conditions;
        if open != 0 {
            self.look_at_open(index, outline, word, open);
        }
    }

    #[inline(never)]
    fn look_at_open(&mut self, index: SeriesIndex, outline: &Outline, word: usize, open: u64) {
        let Some(cells) = usual_cells(self.kept, self.count, index) else { return };
        for bit in bits::of_word(word, open) {
            let (holds, until) = recent::holds(self.catalog.asked(bit), outline.counts_ever, cells, self.now);
            if holds {
                bits::set(bytemuck::cast_slice_mut(self.set), bit);
                self.flipped.push(bit);
                cells[DEADLINE] = cells[DEADLINE].min(until);
            }
        }
        self.earliest = self.earliest.min(cells[DEADLINE]);
    }

    /// Apart, so that what it takes is not in the way of series of times.
    #[inline(never)]
    fn fold_values(&mut self, index: SeriesIndex, is_place: bool, event: &Event) -> bool {
        let Some(cells) = usual_cells(self.kept, self.count, index) else { return false };
        let (catalog, set) = (self.catalog, &*self.set);
        let row = Row::of(catalog, catalog.series(index));
        let may_change = |number: usize, text: &str| {
            let series = catalog.series(row.members[number]);
            let is_set = |(word, conditions): &(usize, u64)| set[*word] as u64 & conditions != 0;
            !series.condition_words.iter().any(is_set) && !series.kind.names(text)
        };
        let mut repeating = Repeating { cells, row, may_change };
        if !is_place {
            let texts = row.columns.iter().map(|column| text_of(event, *column));
            return repeating.all(event, texts);
        }
        let texts = [event.region.as_deref(), event.country.as_deref(), event.device_type.as_deref()];
        repeating.all(event, texts.iter().copied())
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
