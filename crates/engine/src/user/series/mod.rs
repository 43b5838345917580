//! What is kept of a user for each series, packed side by side.
//!
//! A series is a few cells of one slab ([`slab`]): the user's most recent times ([`recent`]), order
//! totals with their running sums ([`total`]), or a row of latest values ([`latest`]). What is
//! stored, and what is taken over to another catalog, is its plain form ([`state`]).
//!
//! Every series begins with its own deadline, so that a timer visits only what is due.

mod latest;
mod recent;
mod slab;
mod state;
mod total;
mod usual;
mod watch;

pub(crate) use slab::{InPlace, Slab};
pub(crate) use state::{SeriesState, packed, unpacked};
pub(crate) use usual::{Usual, Watching};
pub(crate) use watch::{Folded, Watch, fold, latest_time, look, look_at_values};

/// The cell of a series that holds its deadline.
pub(crate) const DEADLINE: usize = 0;
/// The deadline of what time alone does not change.
pub(crate) const NEVER: i64 = i64::MAX;

/// Returns the first instant at which an event counts no more in a window.
const fn leaves_at(time: i64, from: i64) -> i64 {
    time.saturating_sub(from).saturating_add(1)
}
