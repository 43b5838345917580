//! The cells of all series of a user, in one piece of memory, and behind them a tail for whatever else is
//! looked at with every event.
//!
//! Most users have a handful of series with a handful of times each: one allocation for all of them
//! takes half of what one for each would, and lies together when the user is looked at. Growing a
//! series moves what lies behind it, which is little.

use std::ops::Range;

use schema::Timestamp;

use super::NEVER;
use crate::catalog::SeriesIndex;
use crate::prefetch::prefetch_slice;

/// By how many cells it grows at least.
const LEAST_GROWTH: usize = 6;
/// Room for more cells than a quarter of those that are used and these is given back.
const MOST_ROOM: usize = 12;
/// How many lines of the processor's cache are fetched ahead at most; few users have more.
const LINES_AHEAD: usize = 24;

/// The series of a user that are not empty, ascending, and a tail.
///
/// First a cell for each series, which names it and where its own cells begin; these end where those of
/// the next series do. So the first of them begins where the naming ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slab {
    cells: Box<[i64]>,
    /// Where the last series ends, and the tail begins.
    end: u32,
    /// Where the tail ends. Behind it is room.
    used: u32,
}

/// The series of a slab, to be read.
#[derive(Clone, Copy)]
pub(crate) struct View<'a>(&'a [i64]);

/// The series of a slab, to be changed where they are.
pub(crate) struct InPlace<'a>(&'a mut [i64]);

/// Puts a series and where it begins into one cell. Ascending by series.
const fn entry(series: SeriesIndex, start: usize) -> i64 {
    ((series as i64) << START_BITS) | start as i64
}

const START_BITS: u32 = 32;

pub(super) const fn series_of(entry: i64) -> SeriesIndex {
    (entry >> START_BITS) as SeriesIndex
}

pub(super) const fn start_of(entry: i64) -> usize {
    (entry & ((1 << START_BITS) - 1)) as usize
}

impl<'a> View<'a> {
    /// Returns how many series there are.
    pub(crate) fn len(self) -> usize {
        self.0.first().map_or(0, |first| start_of(*first))
    }

    /// Returns the series at a place.
    pub(crate) fn series_at(self, at: usize) -> SeriesIndex {
        series_of(self.0[at])
    }

    fn search(self, series: SeriesIndex) -> Result<usize, usize> {
        let entries = &self.0[..self.len()];
        // Where it is in a user of whom all series are kept that come before.
        if let Some(entry) = entries.get(series as usize)
            && series_of(*entry) == series
        {
            return Ok(series as usize);
        }
        entries.binary_search_by_key(&series, |entry| series_of(*entry))
    }

    /// Returns the place of a series.
    pub(crate) fn find(self, series: SeriesIndex) -> Option<usize> {
        self.search(series).ok()
    }

    /// Returns where the cells of a series begin, or where all end.
    fn start(self, at: usize) -> usize {
        if at == self.len() { self.0.len() } else { start_of(self.0[at]) }
    }

    fn range(self, at: usize) -> Range<usize> {
        self.start(at)..self.start(at + 1)
    }

    /// Returns the cells of a series.
    pub(crate) fn cells(self, at: usize) -> &'a [i64] {
        &self.0[self.range(at)]
    }

    /// Returns a series' own deadline, its first cell.
    pub(crate) fn deadline(self, at: usize) -> i64 {
        self.0[start_of(self.0[at])]
    }

    /// Returns the earliest of the series' deadlines.
    pub(crate) fn earliest_deadline(self) -> Option<Timestamp> {
        let earliest = (0..self.len()).map(|at| self.deadline(at)).min()?;
        (earliest != NEVER).then(|| Timestamp::from_micros(earliest))
    }
}

impl InPlace<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        View(self.0)
    }

    /// Returns the cells of a series, of which the first is its deadline.
    pub(crate) fn cells_mut(&mut self, at: usize) -> &mut [i64] {
        let range = self.view().range(at);
        &mut self.0[range]
    }
}

impl Slab {
    pub(crate) fn view(&self) -> View<'_> {
        View(&self.cells[..self.end as usize])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Returns the series, and the tail.
    pub(crate) fn parts_mut(&mut self) -> (InPlace<'_>, &mut [i64]) {
        let (series, tail) = self.all_mut();
        (InPlace(series), tail)
    }

    /// Returns the cells of all series, and the tail.
    #[inline]
    pub(super) fn all_mut(&mut self) -> (&mut [i64], &mut [i64]) {
        self.cells[..self.used as usize].split_at_mut(self.end as usize)
    }

    pub(crate) fn tail(&self) -> &[i64] {
        &self.cells[self.end as usize..self.used as usize]
    }

    pub(crate) fn tail_mut(&mut self) -> &mut [i64] {
        &mut self.cells[self.end as usize..self.used as usize]
    }

    /// Returns the cells of a series, of which the first is its deadline.
    #[inline]
    pub(super) fn cells_mut(&mut self, at: usize) -> &mut [i64] {
        let range = self.view().range(at);
        &mut self.cells[range]
    }

    /// Returns the place of a series, which begins with `fresh` when it is new.
    pub(super) fn find_or_insert(&mut self, series: SeriesIndex, fresh: impl FnOnce() -> Vec<i64>) -> usize {
        match self.view().search(series) {
            Ok(at) => at,
            Err(at) => {
                self.insert(at, series, &fresh());
                at
            }
        }
    }

    fn insert(&mut self, at: usize, series: SeriesIndex, cells: &[i64]) {
        let (count, start) = (self.view().len(), self.view().start(at));
        self.make_room(1 + cells.len());
        self.put(start, cells);
        self.put(at, &[0]);
        self.cells[at] = entry(series, start);
        self.cells[..=at].iter_mut().for_each(|entry| *entry += 1);
        self.cells[at + 1..=count].iter_mut().for_each(|entry| *entry += 1 + cells.len() as i64);
        self.end += 1 + cells.len() as u32;
    }

    /// Appends a series that is greater than those there are.
    pub(crate) fn push(&mut self, series: SeriesIndex, cells: &[i64]) {
        self.insert(self.view().len(), series, cells);
    }

    /// Fetches the cells.
    pub(crate) fn prefetch(&self) {
        prefetch_slice(&self.cells[..self.used as usize], LINES_AHEAD);
    }

    /// Puts cells into a series, before one of its cells or behind the last one.
    pub(super) fn insert_cells(&mut self, at: usize, offset: usize, cells: &[i64]) {
        let place = self.view().start(at) + offset;
        self.make_room(cells.len());
        self.put(place, cells);
        self.end += cells.len() as u32;
        self.move_behind(at, cells.len() as i64);
    }

    /// Puts other cells in place of all those of a series.
    pub(super) fn replace_cells(&mut self, at: usize, cells: &[i64]) {
        let old = self.cells_mut(at);
        let common = cells.len().min(old.len());
        old[..common].copy_from_slice(&cells[..common]);
        if old.len() > common {
            let end = old.len();
            self.remove_cells(at, common..end);
        } else if cells.len() > common {
            self.insert_cells(at, common, &cells[common..]);
        }
    }

    /// Takes cells out of a series.
    pub(super) fn remove_cells(&mut self, at: usize, range: Range<usize>) {
        let start = self.view().start(at);
        self.take_out(start + range.start..start + range.end);
        self.end -= range.len() as u32;
        self.move_behind(at, -(range.len() as i64));
    }

    /// Appends cells to the tail.
    pub(crate) fn extend_tail(&mut self, cells: &[i64]) {
        self.make_room(cells.len());
        let used = self.used as usize;
        self.cells[used..used + cells.len()].copy_from_slice(cells);
        self.used += cells.len() as u32;
    }

    /// Takes cells out of the tail, and gives back room when there is much.
    pub(crate) fn cut_tail(&mut self, range: Range<usize>) {
        let end = self.end as usize;
        self.take_out(end + range.start..end + range.end);
        let used = self.used as usize;
        if self.cells.len() > used + used / 8 + MOST_ROOM {
            self.resize(used + LEAST_GROWTH);
        }
    }

    /// Returns how many cells more there is room for.
    pub(crate) fn room(&self) -> usize {
        self.cells.len() - self.used as usize
    }

    /// Puts cells before one, where there is room enough.
    fn put(&mut self, place: usize, cells: &[i64]) {
        self.cells.copy_within(place..self.used as usize, place + cells.len());
        self.cells[place..place + cells.len()].copy_from_slice(cells);
        self.used += cells.len() as u32;
    }

    fn take_out(&mut self, range: Range<usize>) {
        self.cells.copy_within(range.end..self.used as usize, range.start);
        self.used -= range.len() as u32;
    }

    /// Grows by little, because there are many users, and by more when it is large already.
    fn make_room(&mut self, count: usize) {
        if self.room() < count {
            let used = self.used as usize;
            self.resize(used + count.max(LEAST_GROWTH).max(used / 16));
        }
    }

    fn resize(&mut self, length: usize) {
        // Moved by hand: to resize what it gave out, the allocator looks up how large that is, and waits for memory.
        let mut cells = Vec::with_capacity(length);
        cells.extend_from_slice(&self.cells[..self.used as usize]);
        cells.resize(length, 0);
        self.cells = cells.into_boxed_slice();
    }

    fn move_behind(&mut self, at: usize, by: i64) {
        let count = self.view().len();
        self.cells[at + 1..count].iter_mut().for_each(|entry| *entry += by);
    }
}

/// Equal series and tails; what room there is does not matter.
impl PartialEq for Slab {
    fn eq(&self, other: &Self) -> bool {
        self.end == other.end && self.cells[..self.used as usize] == other.cells[..other.used as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(slab: &Slab, expected: [&[i64]; 3]) {
        assert_eq!(std::array::from_fn(|at| slab.view().cells(at)), expected);
        assert_eq!(slab.tail(), [100, 101]);
    }

    #[test]
    fn series_and_tail_keep_their_cells_whatever_happens_to_their_neighbours() {
        let mut slab = Slab::default();
        slab.extend_tail(&[100, 101]);
        for series in [5, 1, 3] {
            slab.find_or_insert(series, || vec![i64::from(series), 0]);
        }
        let middle = slab.view().find(3).unwrap();
        slab.insert_cells(middle, 1, &[7]);
        slab.insert_cells(middle, 3, &[8, 9]);
        check(&slab, [&[1, 0], &[3, 7, 0, 8, 9], &[5, 0]]);
        slab.remove_cells(middle, 1..4);
        check(&slab, [&[1, 0], &[3, 9], &[5, 0]]);
        slab.replace_cells(0, &[2, 3, 4, 5]);
        slab.replace_cells(2, &[6]);
        check(&slab, [&[2, 3, 4, 5], &[3, 9], &[6]]);
        assert_eq!((slab.view().find(2), slab.view().find(5)), (None, Some(2)));
    }

    #[test]
    fn a_tail_is_cut_and_gives_back_its_room() {
        let mut slab = Slab::default();
        slab.push(1, &[10]);
        slab.extend_tail(&(0..100).collect::<Vec<_>>());
        slab.cut_tail(1..99);
        assert_eq!((slab.tail(), slab.view().cells(0)), (&[0, 99][..], &[10][..]));
        assert!(slab.room() <= MOST_ROOM + 1);
    }
}
