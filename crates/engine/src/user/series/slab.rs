//! The cells of all series of a user, in one piece of memory.
//!
//! Most users have a handful of series with a handful of times each: one allocation for all of them
//! takes half of what one for each would, and lies together when the user is looked at. Growing a
//! series moves what lies behind it, which is little.

use schema::Timestamp;

use super::NEVER;
use crate::catalog::SeriesIndex;

/// Where the cells of a series begin; they end where those of the next one do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    series: SeriesIndex,
    start: u32,
}

/// By how many cells it grows at least.
const LEAST_GROWTH: usize = 8;
/// How many cells lie in one line of the processor's cache.
const CELLS_PER_LINE: usize = 8;
/// How many lines are read ahead at most; few users have more.
const LINES_AHEAD: usize = 16;

/// The series of a user that are not empty, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Slab {
    directory: Vec<Entry>,
    cells: Vec<i64>,
}

impl Slab {
    /// Returns how many series there are.
    pub(crate) fn len(&self) -> usize {
        self.directory.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    pub(crate) fn series_at(&self, at: usize) -> SeriesIndex {
        self.directory[at].series
    }

    /// Returns the place of a series.
    pub(crate) fn find(&self, series: SeriesIndex) -> Option<usize> {
        self.directory.binary_search_by_key(&series, |entry| entry.series).ok()
    }

    /// Returns the place of a series, which begins with `fresh` when it is new.
    pub(super) fn find_or_insert(&mut self, series: SeriesIndex, fresh: impl FnOnce() -> Vec<i64>) -> usize {
        match self.directory.binary_search_by_key(&series, |entry| entry.series) {
            Ok(at) => at,
            Err(at) => {
                self.insert(at, series, &fresh());
                at
            }
        }
    }

    fn insert(&mut self, at: usize, series: SeriesIndex, cells: &[i64]) {
        let start = self.start_of(at);
        self.directory.reserve_exact(if self.directory.len() == self.directory.capacity() { LEAST_GROWTH } else { 0 });
        self.directory.insert(at, Entry { series, start });
        self.insert_cells(at, 0, cells);
    }

    /// Appends a series that is greater than those there are.
    pub(crate) fn push(&mut self, series: SeriesIndex, cells: &[i64]) {
        self.insert(self.directory.len(), series, cells);
    }

    pub(crate) fn cells(&self, at: usize) -> &[i64] {
        &self.cells[self.start_of(at) as usize..self.start_of(at + 1) as usize]
    }

    pub(crate) fn cells_mut(&mut self, at: usize) -> &mut [i64] {
        let range = self.start_of(at) as usize..self.start_of(at + 1) as usize;
        &mut self.cells[range]
    }

    /// Returns a series' own deadline, its first cell.
    pub(crate) fn deadline(&self, at: usize) -> i64 {
        self.cells[self.start_of(at) as usize]
    }

    pub(crate) fn deadline_mut(&mut self, at: usize) -> &mut i64 {
        let start = self.start_of(at) as usize;
        &mut self.cells[start]
    }

    /// Returns the earliest of the series' deadlines.
    pub(crate) fn earliest_deadline(&self) -> Option<Timestamp> {
        let earliest = self.directory.iter().map(|entry| self.cells[entry.start as usize]).min()?;
        (earliest != NEVER).then(|| Timestamp::from_micros(earliest))
    }

    /// Reads a little of everything.
    pub(crate) fn glance(&self) -> u64 {
        let lines = self.cells.iter().step_by(CELLS_PER_LINE).take(LINES_AHEAD);
        let cells = lines.fold(0, |read, cell| read ^ cell);
        let lines = self.directory.iter().step_by(CELLS_PER_LINE).take(LINES_AHEAD);
        lines.fold(cells as u64, |read, entry| read ^ u64::from(entry.start))
    }

    /// Puts cells into a series, before one of its cells.
    pub(super) fn insert_cells(&mut self, at: usize, offset: usize, cells: &[i64]) {
        let place = self.start_of(at) as usize + offset;
        let missing = (self.cells.len() + cells.len()).saturating_sub(self.cells.capacity());
        if missing > 0 {
            self.cells.reserve_exact(cells.len().max(LEAST_GROWTH).max(self.cells.len() / 8));
        }
        match cells {
            [cell] => self.cells.insert(place, *cell),
            _ => drop(self.cells.splice(place..place, cells.iter().copied())),
        }
        self.move_behind(at, cells.len() as i64);
    }

    /// Takes cells out of a series.
    pub(super) fn remove_cells(&mut self, at: usize, range: std::ops::Range<usize>) {
        let start = self.start_of(at) as usize;
        let count = range.len();
        drop(self.cells.drain(start + range.start..start + range.end));
        self.move_behind(at, -(count as i64));
    }

    fn move_behind(&mut self, at: usize, by: i64) {
        for entry in &mut self.directory[at + 1..] {
            entry.start = (i64::from(entry.start) + by) as u32;
        }
    }

    fn start_of(&self, at: usize) -> u32 {
        self.directory.get(at).map_or(self.cells.len() as u32, |entry| entry.start)
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
