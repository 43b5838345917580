//! The rim's clock: the only place of the segmenter that asks what time it is.
//!
//! A trait because tests move time by hand over windows of days. Per partition the answer is
//! bounded from below by what was already decided (`owner::Owner::now`), so that a clock that is
//! set back repeats nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use schema::Timestamp;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A machine that believes it is before 1970 is answered with 1970.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}
