//! The most recent times of a series: deadline, perhaps the number of all events, times ascending.
//!
//! "At least n in the window" holds exactly while the n-th most recent event lies inside, so as many
//! times as the greatest n are enough for all windows; what comes later only pushes older ones out.

use super::slab::Slab;
use super::{DEADLINE, NEVER, leaves_at};
use crate::catalog::{Asked, Outline, RecentSpec, SINCE_EVER};

const EVER: usize = 1;

pub(super) fn fresh(spec: &RecentSpec) -> Vec<i64> {
    if spec.ever > 0 { vec![NEVER, 0] } else { vec![NEVER] }
}

const fn head(spec: &RecentSpec) -> usize {
    if spec.ever > 0 { EVER + 1 } else { DEADLINE + 1 }
}

/// Returns how many events there ever were, as far as they are counted.
pub(super) fn ever(spec: &RecentSpec, cells: &[i64]) -> u64 {
    if spec.ever > 0 { cells[EVER] as u64 } else { 0 }
}

pub(super) fn times<'a>(spec: &RecentSpec, cells: &'a [i64]) -> &'a [i64] {
    &cells[head(spec)..]
}

/// Returns the cells of a plain form.
pub(super) fn packed(spec: &RecentSpec, ever: u64, times: impl ExactSizeIterator<Item = i64>) -> Vec<i64> {
    let mut cells = fresh(spec);
    if spec.ever > 0 {
        cells[EVER] = ever as i64;
    }
    let surplus = times.len().saturating_sub(spec.depth as usize);
    cells.extend(times.skip(surplus));
    cells
}

/// Folds an event that comes last into a full list, as nearly all do; for any other one it returns false and does
/// nothing.
#[inline]
pub(super) fn push_last(outline: &Outline, cells: &mut [i64], time: i64) -> bool {
    let head = DEADLINE + 1 + usize::from(outline.counts_ever);
    let Some(times) = cells.get_mut(head..) else { return false };
    if times.len() != outline.depth as usize || times.last().is_none_or(|last| *last > time) {
        return false;
    }
    shift_in(times, time);
    if outline.counts_ever {
        cells[EVER] += 1;
    }
    true
}

/// Folds an event; returns whether it is the latest one.
pub(super) fn insert(slab: &mut Slab, at: usize, spec: &RecentSpec, time: i64) -> bool {
    let (head, depth) = (head(spec), spec.depth as usize);
    let cells = slab.cells_mut(at);
    if spec.ever > 0 {
        cells[EVER] += 1;
    }
    let times = &mut cells[head..];
    let later = times.iter().rev().take_while(|known| **known > time).count();
    if times.len() < depth {
        let offset = head + times.len() - later;
        slab.insert_cells(at, offset, &[time]);
    } else if let Some(kept) = times.len().checked_sub(later)
        && kept > 0
    {
        shift_in(&mut times[..kept], time);
    }
    later == 0
}

/// Puts a time behind the others, of which the first one falls out.
#[inline]
fn shift_in(times: &mut [i64], time: i64) {
    let mut later = time;
    // A loop, because there are few: shorter than the call that moves any number.
    times.iter_mut().rev().for_each(|known| std::mem::swap(known, &mut later));
}

/// Returns whether a condition holds at `now`, and until when at least if time alone can end it.
#[inline]
pub(super) fn holds(asked: &Asked, counts_ever: bool, cells: &[i64], now: i64) -> (bool, i64) {
    if asked.is_ever {
        return (if counts_ever { cells[EVER] as u64 } else { 0 } >= asked.count, NEVER);
    }
    let times = &cells[DEADLINE + 1 + usize::from(counts_ever)..];
    let Some(time) = times.len().checked_sub(asked.count as usize).and_then(|at| times.get(at)) else {
        return (false, NEVER);
    };
    if asked.from == SINCE_EVER {
        return (true, NEVER);
    }
    if *time >= now.saturating_add(asked.from) { (true, leaves_at(*time, asked.from)) } else { (false, NEVER) }
}
