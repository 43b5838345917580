//! What loading measures.

use std::sync::LazyLock;

use opentelemetry::metrics::Counter;

/// Rows that were loaded, those of loads that were repeated included.
static LOADED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse.loaded_rows", "Rows that were loaded into Databend"));

/// Rows that Databend will never take. Alert: the history lacks them; `refused_rows` has them.
static REFUSED: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse.refused_rows", "Rows that Databend refused for good"));

/// Rows that had been loaded twice and were removed.
static SWEPT: LazyLock<Counter<u64>> =
    LazyLock::new(|| counter("shoal.warehouse.swept_rows", "Rows that had been loaded twice and were removed"));

fn counter(name: &'static str, description: &'static str) -> Counter<u64> {
    opentelemetry::global::meter("warehouse").u64_counter(name).with_description(description).build()
}

pub(super) fn loaded(rows: usize) {
    LOADED.add(rows as u64, &[]);
}

pub(super) fn refused() {
    REFUSED.add(1, &[]);
}

pub(super) fn swept(rows: u64) {
    SWEPT.add(rows, &[]);
}
