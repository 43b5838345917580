//! Order totals of a series: deadline, a running sum per window, and the parts that leave again.
//!
//! A window's sum is three cells: how many parts it has passed (or, when none ever leaves, how many
//! there were), and the sum of the others in two. Parts are a time and its units each, ascending; one
//! row of them serves all windows.

use super::slab::Slab;
use super::{DEADLINE, NEVER, leaves_at};
use crate::catalog::{SINCE_EVER, SeriesCondition, TotalSpec};

const WINDOWS: usize = 1;
const CELLS_PER_WINDOW: usize = 3;
const CELLS_PER_PART: usize = 2;
/// Parts that no window needs are kept until there are so many, and as many as are needed.
const MOST_PASSED: usize = 2;
/// After so many parts the search for the next flip is left to a timer.
const LOOK_AHEAD: usize = 16;

pub(super) fn fresh(spec: &TotalSpec) -> Vec<i64> {
    let mut cells = vec![0; head(spec)];
    cells[DEADLINE] = NEVER;
    cells
}

fn head(spec: &TotalSpec) -> usize {
    WINDOWS + spec.windows.len() * CELLS_PER_WINDOW
}

/// One window's running sum.
#[derive(Clone, Copy)]
struct Running {
    passed: usize,
    sum: i128,
}

impl Running {
    fn read(cells: &[i64], window: usize) -> Self {
        let at = WINDOWS + window * CELLS_PER_WINDOW;
        let sum = (i128::from(cells[at + 2]) << 64) | i128::from(cells[at + 1] as u64);
        Self { passed: cells[at] as usize, sum }
    }

    fn write(self, cells: &mut [i64], window: usize) {
        let at = WINDOWS + window * CELLS_PER_WINDOW;
        cells[at] = self.passed as i64;
        cells[at + 1] = self.sum as i64;
        cells[at + 2] = (self.sum >> 64) as i64;
    }
}

/// Returns time and units of each part.
pub(super) fn parts<'a>(spec: &TotalSpec, cells: &'a [i64]) -> impl ExactSizeIterator<Item = (i64, i64)> + 'a {
    cells[head(spec)..].chunks_exact(CELLS_PER_PART).map(|part| (part[0], part[1]))
}

fn part(spec: &TotalSpec, cells: &[i64], number: usize) -> (i64, i64) {
    let at = head(spec) + number * CELLS_PER_PART;
    (cells[at], cells[at + 1])
}

fn part_count(spec: &TotalSpec, cells: &[i64]) -> usize {
    (cells.len() - head(spec)) / CELLS_PER_PART
}

/// Returns how many there were and their sum, of the window that nothing leaves.
pub(super) fn ever(spec: &TotalSpec, cells: &[i64]) -> (u64, i128) {
    let window = spec.windows.iter().position(|from| *from == SINCE_EVER);
    let running = window.map(|window| Running::read(cells, window));
    running.map_or((0, 0), |running| (running.passed as u64, running.sum))
}

/// Returns the cells of a plain form.
pub(super) fn packed(spec: &TotalSpec, ever: (u64, i128), parts: &[(i64, i64)]) -> Vec<i64> {
    let mut cells = fresh(spec);
    let all: i128 = parts.iter().map(|(_, units)| i128::from(*units)).sum();
    for (window, from) in spec.windows.iter().enumerate() {
        let running = if *from == SINCE_EVER {
            Running { passed: ever.0 as usize, sum: ever.1 }
        } else {
            Running { passed: 0, sum: all }
        };
        running.write(&mut cells, window);
    }
    if spec.longest().is_some() {
        cells.extend(parts.iter().flat_map(|(time, units)| [*time, *units]));
    }
    cells
}

/// Folds an event.
pub(super) fn insert(slab: &mut Slab, at: usize, spec: &TotalSpec, time: i64, units: i64, now: i64) {
    advance(spec, slab.cells_mut(at), now);
    let cells = slab.cells_mut(at);
    let count = part_count(spec, cells);
    let later = (0..count).rev().take_while(|number| part(spec, cells, *number) > (time, units)).count();
    let place = count - later;
    let is_kept = spec.longest().is_some_and(|from| time >= now.saturating_add(from));
    for (window, from) in spec.windows.iter().enumerate() {
        let mut running = Running::read(cells, window);
        if *from == SINCE_EVER {
            running.passed += 1;
            running.sum += i128::from(units);
        } else if time >= now.saturating_add(*from) {
            running.sum += i128::from(units);
        } else if is_kept {
            running.passed += 1;
        }
        running.write(cells, window);
    }
    if is_kept {
        slab.insert_cells(at, head(spec) + place * CELLS_PER_PART, &[time, units]);
        forget_passed(slab, at, spec);
    }
}

/// Moves all windows to `now`.
pub(super) fn advance(spec: &TotalSpec, cells: &mut [i64], now: i64) {
    let count = part_count(spec, cells);
    for (window, from) in spec.windows.iter().enumerate().filter(|(_, from)| **from != SINCE_EVER) {
        let mut running = Running::read(cells, window);
        let start = now.saturating_add(*from);
        while running.passed < count && part(spec, cells, running.passed).0 < start {
            running.sum -= i128::from(part(spec, cells, running.passed).1);
            running.passed += 1;
        }
        running.write(cells, window);
    }
}

/// Drops parts that all windows have passed, many at a time.
fn forget_passed(slab: &mut Slab, at: usize, spec: &TotalSpec) {
    let cells = slab.cells_mut(at);
    let windows = || (0..spec.windows.len()).filter(|window| spec.windows[*window] != SINCE_EVER);
    let passed = windows().map(|window| Running::read(cells, window).passed).min().unwrap_or(0);
    if passed < MOST_PASSED || passed * 2 < part_count(spec, cells) {
        return;
    }
    for window in windows() {
        let running = Running::read(cells, window);
        Running { passed: running.passed - passed, ..running }.write(cells, window);
    }
    slab.remove_cells(at, head(spec)..head(spec) + passed * CELLS_PER_PART);
}

/// Returns whether a condition holds for windows that stand at `now`, and until when at least that
/// stays so if time alone can change it.
pub(super) fn holds(spec: &TotalSpec, cells: &[i64], condition: SeriesCondition) -> (bool, i64) {
    let SeriesCondition::Total { window, op, threshold, over_nothing } = condition else { return (false, NEVER) };
    let Running { passed, mut sum } = Running::read(cells, window as usize);
    let compares = |sum: i128| op.holds(sum.cmp(&threshold));
    let from = spec.windows[window as usize];
    if from == SINCE_EVER {
        return (if passed == 0 { over_nothing } else { compares(sum) }, NEVER);
    }
    let (parts, _) = cells[head(spec)..].as_chunks::<CELLS_PER_PART>();
    let inside = parts.get(passed..).unwrap_or_default();
    let holds = if inside.is_empty() { over_nothing } else { compares(sum) };
    for (number, [time, units]) in inside.iter().enumerate() {
        sum -= i128::from(*units);
        let would_hold = match inside.get(number + 1) {
            Some([next, _]) if next == time => continue,
            Some(_) => compares(sum),
            None => over_nothing,
        };
        if would_hold != holds || number >= LOOK_AHEAD {
            return (holds, leaves_at(*time, from));
        }
    }
    (holds, NEVER)
}
