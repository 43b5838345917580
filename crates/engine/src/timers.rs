//! The deadline queue: which user must be looked at next even if no event comes.
//!
//! An ordered set; each user knows its own entry, which is the reverse index. A heap with lazy
//! deletion would be smaller, but a late event can move a deadline *earlier*, and the stale
//! far-future entry would then stay for the whole window. Reading the clock is the caller's business.

use std::collections::BTreeSet;

use schema::{Timestamp, UserId};

/// The armed deadlines, at most one per user.
#[derive(Debug, Default)]
pub(crate) struct TimerQueue {
    deadlines: BTreeSet<(Timestamp, UserId)>,
}

impl TimerQueue {
    /// Replaces a user's deadline.
    pub(crate) fn arm(&mut self, user_id: UserId, armed: &mut Option<Timestamp>, deadline: Option<Timestamp>) {
        if *armed == deadline {
            return;
        }
        if let Some(old) = *armed {
            self.deadlines.remove(&(old, user_id));
        }
        if let Some(new) = deadline {
            self.deadlines.insert((new, user_id));
        }
        *armed = deadline;
    }

    /// Returns the earliest deadline and whose it is; of equal ones that of the smallest user.
    pub(crate) fn first(&self) -> Option<(Timestamp, UserId)> {
        self.deadlines.first().copied()
    }
}
