//! Metrics: one OpenTelemetry meter provider per process, read as Prometheus text.

use std::sync::OnceLock;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use opentelemetry::metrics::Meter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, InstrumentKind, SdkMeterProvider, Stream};
use prometheus::{Encoder, Registry, TextEncoder};

/// Upper bounds in seconds of every histogram that counts in `s`: from what the engine takes
/// (microseconds) to what a backlog takes.
const SECONDS_BOUNDARIES: [f64; 24] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Upper bounds of every other histogram: sizes and counts.
const SIZE_BOUNDARIES: [f64; 14] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 1e4, 1e5, 1e6, 1e7];

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Returns the meter of that name, after making sure that somebody records what it measures.
pub fn meter(name: &'static str) -> Meter {
    install(None);
    opentelemetry::global::meter(name)
}

/// Returns all metrics of the process as Prometheus text.
pub fn render() -> String {
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&install(None).gather(), &mut text) {
        tracing::error!(%error, "metrics could not be written");
    }
    String::from_utf8(text).unwrap_or_default()
}

/// Returns a router that serves `/metrics`.
pub fn metrics_router() -> Router {
    Router::new().route("/metrics", get(serve))
}

async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], render())
}

/// Starts recording. The first call in a process decides what the process is called.
pub(super) fn install(service_name: Option<&str>) -> &'static Registry {
    REGISTRY.get_or_init(|| {
        let registry = Registry::new();
        let exporter =
            opentelemetry_prometheus::exporter().with_registry(registry.clone()).scope_info_enabled(false).build();
        match exporter {
            Ok(exporter) => {
                let provider = SdkMeterProvider::builder()
                    .with_resource(resource(service_name))
                    .with_reader(exporter)
                    .with_view(histogram_view)
                    .build();
                opentelemetry::global::set_meter_provider(provider);
            }
            Err(error) => tracing::error!(%error, "metrics are off: the exporter did not start"),
        }
        registry
    })
}

/// What `target_info` says of the process.
fn resource(service_name: Option<&str>) -> Resource {
    let builder = Resource::builder();
    match service_name {
        Some(service_name) => builder.with_service_name(service_name.to_owned()).build(),
        None => builder.build(),
    }
}

fn histogram_view(instrument: &Instrument) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram {
        return None;
    }
    let boundaries = if instrument.unit() == "s" { SECONDS_BOUNDARIES.to_vec() } else { SIZE_BOUNDARIES.to_vec() };
    let aggregation = Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: false };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_called_as_configured() {
        let named = resource(Some("ingestion-api")).get(&"service.name".into());
        assert_eq!(named, Some("ingestion-api".into()));
    }

    #[test]
    fn a_metric_is_read_as_prometheus_text_with_buckets_for_microseconds() {
        let meter = meter("test");
        meter.u64_counter("shoal.test.events").build().add(3, &[opentelemetry::KeyValue::new("reason", "late")]);
        meter.f64_histogram("shoal.test.latency").with_unit("s").build().record(0.000_004, &[]);
        let text = render();
        for line in [
            r#"shoal_test_events_total{reason="late"} 3"#,
            r#"shoal_test_latency_seconds_bucket{le="0.0000025"} 0"#,
            r#"shoal_test_latency_seconds_bucket{le="0.000005"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is missing from:\n{text}");
        }
    }
}
