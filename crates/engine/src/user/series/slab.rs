//! The cells of all series of a user, in one piece of memory.
//!
//! Most users have a handful of series with a handful of times each: one allocation for all of them
//! takes half of what one for each would, and lies together when the user is looked at. Growing a
//! series moves what lies behind it, which is little.

use schema::Timestamp;

use super::NEVER;
use crate::catalog::SeriesIndex;
use crate::prefetch::prefetch_slice;

/// By how many cells it grows at least.
const LEAST_GROWTH: usize = 4;
/// How many lines of the processor's cache are fetched ahead at most; few users have more.
const LINES_AHEAD: usize = 24;

/// The series of a user that are not empty, ascending.
///
/// First a cell for each series, which names it and where its own cells begin, counted from behind
/// these; they end where those of the next series do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Slab {
    cells: Vec<i64>,
    count: u32,
}

/// Puts a series and where it begins into one cell. Ascending by series.
const fn entry(series: SeriesIndex, start: usize) -> i64 {
    ((series as i64) << START_BITS) | start as i64
}

const START_BITS: u32 = 32;

const fn series_of(entry: i64) -> SeriesIndex {
    (entry >> START_BITS) as SeriesIndex
}

const fn start_of(entry: i64) -> usize {
    (entry & ((1 << START_BITS) - 1)) as usize
}

impl Slab {
    /// Returns how many series there are.
    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn entries(&self) -> &[i64] {
        &self.cells[..self.len()]
    }

    pub(crate) fn series_at(&self, at: usize) -> SeriesIndex {
        series_of(self.cells[at])
    }

    /// Returns the place of a series.
    pub(crate) fn find(&self, series: SeriesIndex) -> Option<usize> {
        self.entries().binary_search_by_key(&series, |entry| series_of(*entry)).ok()
    }

    /// Returns the place of a series, which begins with `fresh` when it is new.
    pub(super) fn find_or_insert(&mut self, series: SeriesIndex, fresh: impl FnOnce() -> Vec<i64>) -> usize {
        match self.entries().binary_search_by_key(&series, |entry| series_of(*entry)) {
            Ok(at) => at,
            Err(at) => {
                self.insert(at, series, &fresh());
                at
            }
        }
    }

    fn insert(&mut self, at: usize, series: SeriesIndex, cells: &[i64]) {
        let start = self.start(at) - self.len();
        self.make_room(1 + cells.len());
        self.cells.insert(at, entry(series, start));
        self.count += 1;
        self.insert_cells(at, 0, cells);
    }

    /// Appends a series that is greater than those there are.
    pub(crate) fn push(&mut self, series: SeriesIndex, cells: &[i64]) {
        self.insert(self.len(), series, cells);
    }

    pub(crate) fn cells(&self, at: usize) -> &[i64] {
        &self.cells[self.start(at)..self.start(at + 1)]
    }

    pub(crate) fn cells_mut(&mut self, at: usize) -> &mut [i64] {
        let range = self.start(at)..self.start(at + 1);
        &mut self.cells[range]
    }

    /// Returns a series' own deadline, its first cell.
    pub(crate) fn deadline(&self, at: usize) -> i64 {
        self.cells[self.start(at)]
    }

    pub(crate) fn deadline_mut(&mut self, at: usize) -> &mut i64 {
        let start = self.start(at);
        &mut self.cells[start]
    }

    /// Returns the earliest of the series' deadlines.
    pub(crate) fn earliest_deadline(&self) -> Option<Timestamp> {
        let earliest = (0..self.len()).map(|at| self.deadline(at)).min()?;
        (earliest != NEVER).then(|| Timestamp::from_micros(earliest))
    }

    /// Fetches the cells.
    pub(crate) fn prefetch(&self) {
        prefetch_slice(&self.cells, LINES_AHEAD);
    }

    /// Puts cells into a series, before one of its cells.
    pub(super) fn insert_cells(&mut self, at: usize, offset: usize, cells: &[i64]) {
        let place = self.start(at) + offset;
        self.make_room(cells.len());
        match cells {
            [cell] => self.cells.insert(place, *cell),
            _ => drop(self.cells.splice(place..place, cells.iter().copied())),
        }
        self.move_behind(at, cells.len() as i64);
    }

    /// Puts other cells in place of all those of a series.
    pub(super) fn replace_cells(&mut self, at: usize, cells: &[i64]) {
        let (start, end) = (self.start(at), self.start(at + 1));
        let common = cells.len().min(end - start);
        self.cells[start..start + common].copy_from_slice(&cells[..common]);
        if end - start > common {
            self.remove_cells(at, common..end - start);
        } else if cells.len() > common {
            self.insert_cells(at, common, &cells[common..]);
        }
    }

    /// Takes cells out of a series.
    pub(super) fn remove_cells(&mut self, at: usize, range: std::ops::Range<usize>) {
        let start = self.start(at);
        let count = range.len();
        drop(self.cells.drain(start + range.start..start + range.end));
        self.move_behind(at, -(count as i64));
    }

    /// Grows by little, because there are many users, and by more when it is large already.
    fn make_room(&mut self, count: usize) {
        if self.cells.len() + count > self.cells.capacity() {
            self.cells.reserve_exact(count.max(LEAST_GROWTH).max(self.cells.len() / 16));
        }
    }

    fn move_behind(&mut self, at: usize, by: i64) {
        let count = self.len();
        self.cells[at + 1..count].iter_mut().for_each(|entry| *entry += by);
    }

    /// Returns where the cells of a series begin, or where all end.
    fn start(&self, at: usize) -> usize {
        if at == self.len() { self.cells.len() } else { self.len() + start_of(self.cells[at]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_keep_their_cells_whatever_happens_to_their_neighbours() {
        let mut slab = Slab::default();
        for series in [5, 1, 3] {
            slab.find_or_insert(series, || vec![i64::from(series), 0]);
        }
        let middle = slab.find(3).unwrap();
        slab.insert_cells(middle, 1, &[7]);
        slab.insert_cells(middle, 3, &[8, 9]);
        assert_eq!([slab.cells(0), slab.cells(1), slab.cells(2)], [&[1, 0][..], &[3, 7, 0, 8, 9], &[5, 0]]);
        slab.remove_cells(middle, 1..4);
        assert_eq!([slab.cells(0), slab.cells(1), slab.cells(2)], [&[1, 0][..], &[3, 9], &[5, 0]]);
        assert_eq!((slab.find(2), slab.find(5)), (None, Some(2)));
    }
}
