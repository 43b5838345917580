//! What the writer measures; recorded after the write.

use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};
use schema::{Offset, PartitionId};

static METER: LazyLock<Meter> = LazyLock::new(|| service::telemetry::meter("ingestion-api"));

/// Log records that the warehouse has taken: rows, duplicates it left out, deletions.
static RECORDS: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse_writer.records", "Log records that the warehouse has taken"));

/// Batches that were written.
static BATCHES: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse_writer.batches", "Batches that were written"));

/// Attempts that failed and were made again.
static RETRIES: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse_writer.retries", "Attempts that failed and were made again"));

/// Records of the log that could not be read and were passed over. Alert: ingestion must refuse them.
static UNDECODABLE: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse_writer.undecodable", "Log records that could not be read"));

/// Records that the log had trimmed before they were written. Alert: the history is not complete.
static LOST: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse_writer.lost", "Log records that were trimmed before they were written"));

/// Records that are in the log and not in the warehouse, by `partition`.
static LAG: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    METER
        .u64_gauge("shoal.warehouse_writer.lag")
        .with_description("Records that are in the log and not in the warehouse")
        .build()
});

/// 1 while a partition's attempts have failed too often in a row, by `partition`. Alert: history falls behind.
static AWAY: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    METER
        .u64_gauge("shoal.warehouse_writer.away")
        .with_description("1 while the warehouse does not take a partition's records")
        .build()
});

fn counter(name: &'static str, description: &'static str) -> Counter<u64> {
    METER.u64_counter(name).with_description(description).build()
}

pub(super) fn written(records: usize) {
    RECORDS.add(records as u64, &[]);
    BATCHES.add(1, &[]);
}

pub(super) fn retried() {
    RETRIES.add(1, &[]);
}

pub(super) fn undecodable() {
    UNDECODABLE.add(1, &[]);
}

pub(super) fn lost(records: Offset) {
    LOST.add(records, &[]);
}

pub(super) fn lag(partition: PartitionId, records: Offset) {
    LAG.record(records, &[KeyValue::new("partition", i64::from(partition.0))]);
}

pub(super) fn away(partition: PartitionId, is_away: bool) {
    AWAY.record(u64::from(is_away), &[KeyValue::new("partition", i64::from(partition.0))]);
}
