//! What the segmenter measures. Everything about a commit is recorded after it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bus::DeadLetter;
use engine::SkipReason;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use schema::{Cause, Generation, SegmentChange, Timestamp};

use crate::board::{Board, Row};
use crate::clock::Clock;
use crate::spill::LargeUsage;

/// Records that were applied to a user.
pub const RECORDS_APPLIED: &str = "segmenter.records.applied";
/// Records that were passed over, by `reason`.
pub const RECORDS_SKIPPED: &str = "segmenter.records.skipped";
/// Records that were stored as dead letters, by `reason`.
pub const DEAD_LETTERS: &str = "segmenter.dead_letters";
/// Changes that were published, by `cause`.
pub const CHANGES: &str = "segmenter.changes";
/// From the acceptance of an event to the commit of the change it made (`of` = `received_at`), and
/// from the instant it happened (`of` = `event_time`).
pub const EVENT_TO_CHANGE: &str = "segmenter.event_to_change.duration";
/// From the instant at which time alone made a change to its commit.
pub const TIMER_LATENESS: &str = "segmenter.timer.lateness";
/// How long one commit took, with its retries.
pub const COMMIT_DURATION: &str = "segmenter.commit.duration";
/// Rows of history read for new definitions.
pub const ROWS_ABSORBED: &str = "segmenter.history.rows_absorbed";
/// Readings of history that were given up because it is damaged; the definitions before stay in force.
pub const BACKFILL_FAILURES: &str = "segmenter.backfill.failures";
/// The newest definitions that came to this process and compiled; partitions may still decide by older ones.
pub const DEFINITIONS_GENERATION: &str = "segmenter.definitions.generation";
/// Sets of definitions that did not compile here and were passed over.
pub const CATALOGS_REFUSED: &str = "segmenter.catalogs.refused";
/// Partitions that were taken over by someone else while they were owned here.
pub const PARTITIONS_FENCED: &str = "segmenter.partitions.fenced";
/// Records that are in the log and not in the state, by `partition`.
pub const LAG_RECORDS: &str = "segmenter.lag.records";
/// How long ago the partition was exact (now − `as_of`), by `partition`; grows while an owner is stuck.
pub const LAG_SECONDS: &str = "segmenter.lag.duration";
/// Users with state, by `partition`.
pub const USERS: &str = "segmenter.users";
/// Users whose stored state is larger than `spill.user_bytes`, by `partition`.
pub const LARGE_USERS: &str = "segmenter.users.large";
/// The stored bytes of large users, by `partition`.
pub const LARGE_USERS_SIZE: &str = "segmenter.users.large.size";
/// Large users who are on disk and not in memory, by `partition`.
pub const SPILLED_USERS: &str = "segmenter.users.spilled";
/// The stored bytes of those on disk, by `partition`.
pub const SPILLED_USERS_SIZE: &str = "segmenter.users.spilled.size";
/// Large users who were brought back from disk.
pub const USERS_BROUGHT_BACK: &str = "segmenter.users.brought_back";
/// The catalog in force, by `partition`.
pub const CATALOG_GENERATION: &str = "segmenter.catalog.generation";
/// For how long the log has not taken or given anything, by `partition`; 0 when all is well.
pub const HOLD_AGE: &str = "segmenter.hold.age";

const MICROS_PER_SECOND: f64 = 1_000_000.0;

/// The instruments of one segmenter.
pub(crate) struct Metrics {
    records_applied: Counter<u64>,
    records_skipped: Counter<u64>,
    dead_letters: Counter<u64>,
    changes: Counter<u64>,
    event_to_change: Histogram<f64>,
    timer_lateness: Histogram<f64>,
    commit_duration: Histogram<f64>,
    rows_absorbed: Counter<u64>,
    backfill_failures: Counter<u64>,
    definitions_generation: Gauge<u64>,
    catalogs_refused: Counter<u64>,
    partitions_fenced: Counter<u64>,
    users_brought_back: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = service::telemetry::meter("segmenter");
        let counter = |name| meter.u64_counter(name).build();
        let seconds = |name| meter.f64_histogram(name).with_unit("s").build();
        Self {
            records_applied: counter(RECORDS_APPLIED),
            records_skipped: counter(RECORDS_SKIPPED),
            dead_letters: counter(DEAD_LETTERS),
            changes: counter(CHANGES),
            event_to_change: seconds(EVENT_TO_CHANGE),
            timer_lateness: seconds(TIMER_LATENESS),
            commit_duration: seconds(COMMIT_DURATION),
            rows_absorbed: counter(ROWS_ABSORBED),
            backfill_failures: counter(BACKFILL_FAILURES),
            definitions_generation: meter.u64_gauge(DEFINITIONS_GENERATION).build(),
            catalogs_refused: counter(CATALOGS_REFUSED),
            partitions_fenced: counter(PARTITIONS_FENCED),
            users_brought_back: counter(USERS_BROUGHT_BACK),
        }
    }

    pub(crate) fn committed(&self, took: Duration) {
        self.commit_duration.record(took.as_secs_f64(), &[]);
    }

    pub(crate) fn records(&self, applied: u64, skipped: &[SkipReason]) {
        self.records_applied.add(applied, &[]);
        for reason in skipped {
            self.records_skipped.add(1, &[KeyValue::new("reason", reason.as_str())]);
        }
    }

    pub(crate) fn backfill_failed(&self) {
        self.backfill_failures.add(1, &[]);
    }

    pub(crate) fn dead_letters(&self, letters: &[DeadLetter]) {
        for letter in letters {
            self.dead_letters.add(1, &[KeyValue::new("reason", letter.reason)]);
        }
    }

    /// Counts published changes, and how late those were that time alone made.
    pub(crate) fn changes(&self, changes: &[SegmentChange], committed_at: Timestamp) {
        for change in changes {
            self.changes.add(1, &[KeyValue::new("cause", change.cause.as_str())]);
            if change.cause == Cause::Time {
                self.timer_lateness.record(seconds_between(change.evaluated_at, committed_at), &[]);
            }
        }
    }

    pub(crate) fn event_to_change(&self, created_at: Timestamp, received_at: Timestamp, committed_at: Timestamp) {
        for (of, since) in [("received_at", received_at), ("event_time", created_at)] {
            self.event_to_change.record(seconds_between(since, committed_at), &[KeyValue::new("of", of)]);
        }
    }

    pub(crate) fn absorbed(&self, rows: u64) {
        self.rows_absorbed.add(rows, &[]);
    }

    pub(crate) fn definitions_came(&self, generation: Generation) {
        self.definitions_generation.record(generation.0, &[]);
    }

    pub(crate) fn catalog_refused(&self) {
        self.catalogs_refused.add(1, &[]);
    }

    pub(crate) fn brought_back(&self, users: u64) {
        self.users_brought_back.add(users, &[]);
    }

    pub(crate) fn fenced(&self) {
        self.partitions_fenced.add(1, &[]);
    }
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    // An event may lie in the future of the clock; its latency is none.
    later.micros_since(earlier).max(0) as f64 / MICROS_PER_SECOND
}

/// Makes the gauges, which read the board when they are asked. They fall silent when it is gone.
pub(crate) fn watch_board(board: &Arc<Board>, clock: &Arc<dyn Clock>) {
    let meter = service::telemetry::meter("segmenter");
    let counted = |row: &Row| row.status.as_ref().map(|_| row.lag_records as f64);
    gauge(&meter, LAG_RECORDS, "", board, counted);
    gauge(&meter, USERS, "", board, |row| row.status.as_ref().map(|status| status.users as f64));
    let large = |read: fn(&LargeUsage) -> u64| move |row: &Row| row.status.as_ref().map(|_| read(&row.large) as f64);
    gauge(&meter, LARGE_USERS, "", board, large(|large| large.users));
    gauge(&meter, LARGE_USERS_SIZE, "By", board, large(|large| large.bytes));
    gauge(&meter, SPILLED_USERS, "", board, large(|large| large.spilled_users));
    gauge(&meter, SPILLED_USERS_SIZE, "By", board, large(|large| large.spilled_bytes));
    gauge(&meter, CATALOG_GENERATION, "", board, |row| row.status.as_ref().map(|status| status.generation.0 as f64));
    gauge(&meter, HOLD_AGE, "s", board, |row| Some(row.held_since.map_or(0.0, |since| since.elapsed().as_secs_f64())));
    let clock = Arc::clone(clock);
    gauge(&meter, LAG_SECONDS, "s", board, move |row| {
        row.status.as_ref().map(|status| seconds_between(status.as_of, clock.now()))
    });
}

fn gauge(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    board: &Arc<Board>,
    read: impl Fn(&Row) -> Option<f64> + Send + Sync + 'static,
) {
    let board: Weak<Board> = Arc::downgrade(board);
    let observe = move |observer: &dyn opentelemetry::metrics::AsyncInstrument<f64>| {
        let Some(board) = board.upgrade() else { return };
        for (partition, row) in board.rows() {
            if let Some(value) = read(&row) {
                observer.observe(value, &[KeyValue::new("partition", i64::from(partition.0))]);
            }
        }
    };
    meter.f64_observable_gauge(name).with_unit(unit).with_callback(observe).build();
}
