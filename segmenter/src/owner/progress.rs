//! Up to which instant a partition is exact: the `as_of` of every answer that depends on it.
//!
//! At an instant the end of the log is looked at. Once everything below that end is committed, and
//! every deadline up to that instant, the partition is exact as of it. One such look is followed at
//! a time, so `as_of` also moves while records keep coming. In a backlog it moves with the log
//! time: what was acknowledged before a record was received lies below that record.

use schema::{Offset, Timestamp};

/// Where the log ended, and when.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Timestamp,
    end: Offset,
}

/// How far a partition is.
#[derive(Debug)]
pub(super) struct Progress {
    as_of: Timestamp,
    /// The look that is followed until its end is reached.
    followed: Option<Look>,
    latest_end: Offset,
}

impl Progress {
    /// Begins at the last commit.
    pub(super) fn new(log_time: Timestamp, decided: Timestamp) -> Self {
        Self { as_of: log_time.min(decided), followed: None, latest_end: 0 }
    }

    /// Notes that at `at` every record accepted before lay below `end`.
    pub(super) fn see_end(&mut self, at: Timestamp, end: Offset) {
        self.latest_end = end;
        self.followed.get_or_insert(Look { at, end });
    }

    /// Notes that everything below `next_offset`, received up to `log_time`, is committed, and every
    /// deadline up to `decided`.
    pub(super) fn reach(&mut self, next_offset: Offset, log_time: Timestamp, decided: Timestamp) {
        self.as_of = self.as_of.max(log_time.min(decided));
        if let Some(look) = self.followed.take_if(|look| next_offset >= look.end && decided >= look.at) {
            self.as_of = self.as_of.max(look.at);
        }
    }

    pub(super) fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Returns how many records were in the log and not in the state when it was last looked at.
    pub(super) fn lag_records(&self, next_offset: Offset) -> u64 {
        self.latest_end.saturating_sub(next_offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn as_of_waits_for_what_was_accepted_before_it() {
        let mut progress = Progress::new(at(0), at(0));
        progress.see_end(at(10), 5);
        progress.reach(4, at(3), at(10));
        assert_eq!((progress.as_of(), progress.lag_records(4)), (at(3), 1));
        progress.reach(5, at(4), at(12));
        assert_eq!((progress.as_of(), progress.lag_records(5)), (at(10), 0));
    }

    #[test]
    fn as_of_waits_for_the_deadlines_before_it() {
        let mut progress = Progress::new(at(0), at(0));
        progress.see_end(at(10), 0);
        progress.reach(0, at(0), at(9));
        assert_eq!(progress.as_of(), at(0), "a deadline is left");
        progress.reach(0, at(0), at(10));
        assert_eq!(progress.as_of(), at(10));
    }

    #[test]
    fn as_of_moves_while_records_keep_coming() {
        let mut progress = Progress::new(at(0), at(0));
        progress.see_end(at(10), 100);
        progress.see_end(at(20), 200);
        progress.reach(100, at(9), at(20));
        assert_eq!((progress.as_of(), progress.lag_records(100)), (at(10), 100));
    }

    #[test]
    fn in_a_backlog_as_of_moves_with_the_log_but_not_past_the_deadlines() {
        let mut progress = Progress::new(at(20), at(50));
        assert_eq!(progress.as_of(), at(20));
        progress.see_end(at(100), 9);
        progress.reach(5, at(30), at(60));
        assert_eq!(progress.as_of(), at(30));
        progress.reach(6, at(70), at(60));
        assert_eq!(progress.as_of(), at(60));
    }
}
