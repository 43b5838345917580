//! What the ingestion API measures. Labels are stable codes, never input.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

static METER: LazyLock<Meter> = LazyLock::new(|| service::telemetry::meter("ingestion-api"));

/// Events that were accepted: durable in the log.
static ACCEPTED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.ingest.events.accepted", "Events accepted: durable in the log"));

/// Events that were refused, by `reason`: the code of their first fault.
static REJECTED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.ingest.events.rejected", "Events refused, by the code of their first fault"));

/// Top-level keys that were skipped because nobody reads them.
static UNKNOWN_KEYS: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.ingest.unknown_keys", "Top-level keys of accepted events that nobody reads"));

/// Identities that the cache knew.
static CACHE_HITS: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.ingest.identity_cache.hits", "Identities that the cache knew"));

/// Identities that the store was asked for.
static CACHE_MISSES: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.ingest.identity_cache.misses", "Identities that the cache did not know"));

/// How long appends took until the events were durable, in seconds.
static APPEND_DURATION: LazyLock<Histogram<f64>> =
    LazyLock::new(|| seconds("shoal.ingest.append.duration", "How long appends took until the events were durable"));

/// How long calls to the store for unknown identities took, in seconds.
static RESOLVE_DURATION: LazyLock<Histogram<f64>> =
    LazyLock::new(|| seconds("shoal.ingest.resolve.duration", "How long one call for unknown identities took"));

/// Warehouse writers that stopped for good: more than 0 needs somebody to look.
static WRITER_FAILED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.ingest.warehouse_writer.failed", "Warehouse writers that stopped for good"));

fn counter(name: &'static str, description: &'static str) -> Counter<u64> {
    METER.u64_counter(name).with_description(description).build()
}

fn seconds(name: &'static str, description: &'static str) -> Histogram<f64> {
    METER.f64_histogram(name).with_unit("s").with_description(description).build()
}

pub(crate) fn accepted(events: usize, unknown_keys: u64) {
    ACCEPTED.add(events as u64, &[]);
    if unknown_keys > 0 {
        UNKNOWN_KEYS.add(unknown_keys, &[]);
    }
}

pub(crate) fn rejected(reason: &'static str) {
    REJECTED.add(1, &[KeyValue::new("reason", reason)]);
}

pub(crate) fn identities_looked_up(hits: usize, misses: usize) {
    CACHE_HITS.add(hits as u64, &[]);
    if misses > 0 {
        CACHE_MISSES.add(misses as u64, &[]);
    }
}

pub(crate) fn appended(elapsed: Duration) {
    APPEND_DURATION.record(elapsed.as_secs_f64(), &[]);
}

pub(crate) fn resolved(elapsed: Duration) {
    RESOLVE_DURATION.record(elapsed.as_secs_f64(), &[]);
}

pub(crate) fn writer_failed() {
    WRITER_FAILED.add(1, &[]);
}
