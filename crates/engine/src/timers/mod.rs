//! The deadline queue: which user must be looked at next even if no event comes.
//!
//! Most deadlines are days away and move several times before they come. So only those of the next
//! minutes are in order ([`near`], a small heap); the others lie in no order in buckets of time
//! ([`wheel`]), where putting one and taking it out again is a look at one place. Every user knows where
//! its own entry is ([`armed`]): a deadline that moves, even to an earlier instant, leaves nothing stale
//! behind for the length of a window. Reading the clock is the caller's business.

mod armed;
mod near;
mod queue;
mod wheel;

pub(crate) use queue::{TimerQueue, UserIndex};
