//! What writing measures.

use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge};
use schema::PartitionId;

/// Rows that were loaded, those of loads that were repeated included.
static LOADED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse.loaded_rows", "Rows that were loaded into Databend"));

/// Rows that Databend will never take. Alert: the history lacks them; `refused_rows` has them.
static REFUSED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse.refused_rows", "Rows that Databend refused for good"));

/// Events that were asked for because their fingerprints were known: repetitions, hardly ever collisions.
static ASKED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    counter("shoal.warehouse.asked_ids", "Event ids of which Databend was asked whether they counted")
});

/// Event ids of the last day that the writer remembers, by `partition`; each takes about nine bytes.
static REMEMBERED: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("warehouse")
        .u64_gauge("shoal.warehouse.remembered_ids")
        .with_description("Event ids of the last day that the writer remembers")
        .build()
});

/// Rows that had been loaded twice and were removed.
static SWEPT: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse.swept_rows", "Rows that had been loaded twice and were removed"));

fn counter(name: &'static str, description: &'static str) -> Counter<u64> {
    opentelemetry::global::meter("warehouse").u64_counter(name).with_description(description).build()
}

pub(super) fn loaded(rows: usize) {
    LOADED.add(rows as u64, &[]);
}

pub(super) fn refused(rows: usize) {
    REFUSED.add(rows as u64, &[]);
}

pub(super) fn asked(ids: usize) {
    ASKED.add(ids as u64, &[]);
}

pub(super) fn remembered(partition: PartitionId, ids: usize) {
    REMEMBERED.record(ids as u64, &[KeyValue::new("partition", i64::from(partition.0))]);
}

pub(super) fn swept(rows: u64) {
    SWEPT.add(rows, &[]);
}
