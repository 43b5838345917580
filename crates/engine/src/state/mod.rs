//! The folded state of one aggregate of one user: the least that answers exactly.
//!
//! Every window is the same machine ([`windowed`]): events that lie ahead of it wait, events inside
//! are folded, events behind it are forgotten; an event that arrives late goes where it belongs.
//! What "folded" keeps depends on the function and on whether events leave the window again: one
//! number, one bit, the n most recent times, a staircase of extremes. Every fold is independent of
//! the order in which events arrive, so history is absorbed into the same state.
//!
//! What no fold expresses keeps the events themselves ([`retained`]) and is computed over them.

mod affected;
mod aggregate;
mod conjuncts;
mod count;
mod distinct;
mod ends;
mod exists;
mod extreme;
mod fold;
mod funnel;
mod interpret;
mod key;
mod lookups;
mod paths;
mod retained;
mod total;
mod wide_sum;
mod windowed;

pub(crate) use aggregate::{AggregateState, Keeping};
pub(crate) use fold::{FoldKind, Occurrence};
#[cfg(test)]
pub(crate) use retained::RetainedRow;

#[cfg(test)]
mod steps;
