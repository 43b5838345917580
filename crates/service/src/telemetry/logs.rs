//! Starting it all: the subscriber that logs and spans go to.

use std::sync::OnceLock;

use anyhow::Context;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::{metrics, traces};
use crate::config::{LogFormat, TelemetryConfig};

/// The guard of what `init` started.
#[derive(Clone, Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is still buffered; the last thing a process does.
    pub fn flush(&self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::force_flush) {
            tracing::warn!(%error, "traces were not sent");
        }
    }
}

static STARTED: OnceLock<Telemetry> = OnceLock::new();

/// Starts logs, metrics and, when an endpoint is configured, traces.
///
/// The first call in a process decides; later ones return what it started.
pub fn init(config: &TelemetryConfig) -> anyhow::Result<Telemetry> {
    metrics::install(Some(&config.service_name));
    if let Some(started) = STARTED.get() {
        return Ok(started.clone());
    }
    let telemetry = Telemetry { traces: traces::provider(config)? };
    let filter: EnvFilter = config.log_filter.parse().context("parsing the log filter")?;
    let subscriber = Registry::default()
        .with(log_layer(config.log_format).with_filter(filter))
        .with(telemetry.traces.as_ref().map(traces::layer));
    // A subscriber that somebody else set stays: tests bring their own.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(STARTED.get_or_init(|| telemetry).clone())
}

fn log_layer(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_ansi(false).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_in_one_process_is_harmless() {
        let config = TelemetryConfig {
            service_name: "test".to_owned(),
            log_format: LogFormat::Json,
            log_filter: "info".to_owned(),
            otlp_endpoint: String::new(),
            trace_ratio: 1.0,
        };
        init(&config).unwrap().flush();
        init(&config).unwrap().flush();
    }
}
