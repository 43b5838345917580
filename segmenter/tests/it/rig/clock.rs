//! Time as a test wants it.

use std::sync::atomic::{AtomicI64, Ordering};

use schema::Timestamp;
use segmenter::{Clock, SystemClock};

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A clock that stands still until it is moved, or the machine's.
pub(crate) enum TestClock {
    Standing(AtomicI64),
    Real,
}

impl TestClock {
    pub(crate) fn standing(now: Timestamp) -> Self {
        Self::Standing(AtomicI64::new(now.as_micros()))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        match self {
            Self::Standing(micros) => micros.store(now.as_micros(), Ordering::SeqCst),
            Self::Real => panic!("the machine's clock is not ours to set"),
        }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        match self {
            Self::Standing(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
            Self::Real => SystemClock.now(),
        }
    }
}
