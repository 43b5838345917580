//! When a record counts as one that was seen before.
//!
//! The segmenter and the warehouse writer must decide alike, so the decision is a function of the
//! log alone: of the record's user and `event_id`, and of *log time*, which is the greatest
//! `received_at` of the partition up to and including the record.

use crate::Timestamp;

/// How long an `event_id` is remembered, in microseconds of log time: 24 hours.
///
/// Clients retry for minutes; a day covers an SDK that was offline overnight, and bounds the memory.
pub const DUPLICATE_WINDOW_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// Returns whether a record at `log_time` repeats one of the same user and `event_id` that was
/// counted at log time `counted_at`. A duplicate does not renew the memory of the first.
pub const fn is_duplicate_of(counted_at: Timestamp, log_time: Timestamp) -> bool {
    log_time.micros_since(counted_at) <= DUPLICATE_WINDOW_MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_is_remembered_for_a_day_of_log_time() {
        let counted_at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        assert!(is_duplicate_of(counted_at, counted_at));
        assert!(is_duplicate_of(counted_at, counted_at.plus_micros(DUPLICATE_WINDOW_MICROS)));
        assert!(!is_duplicate_of(counted_at, counted_at.plus_micros(DUPLICATE_WINDOW_MICROS + 1)));
    }
}
