//! What this process measures. Request latency is measured by `service::http`.

use std::sync::LazyLock;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

static METER: LazyLock<Meter> = LazyLock::new(|| service::telemetry::meter("config-api"));

/// The generation of the definitions that this process hands out.
pub(crate) static DEFINITIONS_GENERATION: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    METER
        .u64_gauge("shoal.definitions.generation")
        .with_description("The generation of the definitions that this process hands out")
        .build()
});

/// How many segments are live.
pub(crate) static DEFINITIONS_SEGMENTS: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    METER.u64_gauge("shoal.definitions.segments").with_description("How many segments are live").build()
});

/// Rows that the history could not take and still lacks. Alert: segments that depend on them say so.
pub(crate) static HISTORY_REFUSED_ROWS: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    METER
        .u64_gauge("shoal.history.refused_rows")
        .with_description("Rows that the history could not take and still lacks")
        .build()
});

/// Changes that were published and are not projected yet, over all partitions.
pub(crate) static PROJECTION_LAG: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    METER
        .u64_gauge("shoal.projection.lag")
        .with_description("Changes that were published and are not projected yet, over all partitions")
        .build()
});

/// How long ago the instant lies up to which look-ups are exact, in seconds.
pub(crate) static PROJECTION_AGE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    METER
        .f64_gauge("shoal.projection.age")
        .with_unit("s")
        .with_description("How long ago the instant lies up to which look-ups are exact")
        .build()
});

/// Changes that were projected.
pub(crate) static PROJECTED_CHANGES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    METER.u64_counter("shoal.projection.changes").with_description("Changes that were projected").build()
});

/// How often a partition's memberships were read anew because its changes were trimmed unseen, by `partition`.
/// Alert: config-api or its store were away for longer than the log keeps changes.
pub(crate) static PROJECTION_REBUILDS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    METER
        .u64_counter("shoal.projection.rebuilds")
        .with_description(
            "How often memberships were read anew because changes were trimmed before they were projected",
        )
        .build()
});

/// How long one transaction of the projection took.
pub(crate) static PROJECTION_DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    METER
        .f64_histogram("shoal.projection.duration")
        .with_unit("s")
        .with_description("How long one transaction of the projection took")
        .build()
});

/// How long previews took, by `outcome`: `done`, `cancelled` by whoever asked, or the code of the problem.
pub(crate) static PREVIEW_DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    METER
        .f64_histogram("shoal.preview.duration")
        .with_unit("s")
        .with_description("How long previews took, waiting included, by outcome")
        .build()
});

/// Streams of changes that are open.
pub(crate) static SUBSCRIBERS: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    METER.i64_up_down_counter("shoal.changes.subscribers").with_description("Streams of changes that are open").build()
});

/// Changes that were sent to subscribers.
pub(crate) static STREAMED_CHANGES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    METER.u64_counter("shoal.changes.streamed").with_description("Changes that were sent to subscribers").build()
});
