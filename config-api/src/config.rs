//! What can be configured, and from where.

use std::path::PathBuf;
use std::time::Duration;

use bus::BusConfig;
use serde::{Deserialize, Serialize};
use service::config::{ConfigError, Configuration, HttpConfig, MetricsConfig, StoreConfig, TelemetryConfig, joined};
use store::StoreOptions;
use warehouse::WarehouseConfig;

/// The configuration of the config API.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Config {
    /// The public server.
    pub http: HttpConfig,
    /// The metrics server.
    pub metrics: MetricsConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// The definitions of segments.
    pub definitions: DefinitionsConfig,
    /// Previews of clauses.
    pub preview: PreviewConfig,
    /// The stream of changes.
    pub changes: ChangesConfig,
    /// The log: embedded, or on brokers.
    pub bus: BusConfig,
    /// The history: what goes with the log, or a server.
    pub warehouse: WarehouseConfig,
    /// Which store, and how long to wait for it.
    pub store: StoreConfig,
    /// Where the embedded parts live; used by `run` alone.
    pub embedded: EmbeddedConfig,
}

/// The definitions of segments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DefinitionsConfig {
    /// How often the store is asked whether another process changed a definition.
    pub poll_ms: u64,
    /// The most live segments.
    pub max_segments: usize,
}

/// Previews of clauses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PreviewConfig {
    /// The most previews that run at the same time; each reads the whole history.
    pub at_once: usize,
    /// The most that wait for their turn.
    pub max_waiting: usize,
    /// How long one may take, waiting included.
    pub timeout_ms: u64,
}

/// The stream of changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangesConfig {
    /// The most subscribers at once.
    pub max_subscribers: usize,
    /// How long a stream is silent at most.
    pub keep_alive_ms: u64,
}

/// Where the embedded parts live.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EmbeddedConfig {
    /// The folder.
    pub directory: PathBuf,
    /// The partitions of a new log.
    pub partitions: u16,
}

impl DefinitionsConfig {
    /// Returns how often the store is asked.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }
}

impl PreviewConfig {
    /// Returns how long a preview may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl ChangesConfig {
    /// Returns how long a stream is silent at most.
    pub fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms)
    }
}

impl Config {
    /// Returns the defaults.
    pub fn defaults() -> Result<Self, ConfigError> {
        service::config::defaults()
    }

    /// Returns which store to open: the one that has a URL, else the file in the embedded folder.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            url: self.store.url.expose().to_owned(),
            file: self.embedded.directory.join("shoal.sqlite"),
            max_connections: self.store.max_connections,
            acquire_timeout: self.store.acquire_timeout(),
            statement_timeout: self.store.statement_timeout(),
        }
    }
}

/// The variables of this process alone.
const OWN: &[(&str, &str)] = &[
    ("CONFIG_API_ADDRESS", "http.address"),
    ("CONFIG_API_MAX_BODY_BYTES", "http.max_body_bytes"),
    ("CONFIG_API_MAX_CONNECTIONS", "http.max_connections"),
    ("CONFIG_API_HEADER_TIMEOUT_MS", "http.header_timeout_ms"),
    ("CONFIG_API_REQUEST_TIMEOUT_MS", "http.request_timeout_ms"),
    ("CONFIG_API_DRAIN_MS", "http.drain_ms"),
    ("CONFIG_API_METRICS_ADDRESS", "metrics.address"),
    ("DEFINITIONS_POLL_MS", "definitions.poll_ms"),
    ("DEFINITIONS_MAX_SEGMENTS", "definitions.max_segments"),
    ("PREVIEW_AT_ONCE", "preview.at_once"),
    ("PREVIEW_MAX_WAITING", "preview.max_waiting"),
    ("PREVIEW_TIMEOUT_MS", "preview.timeout_ms"),
    ("CHANGES_MAX_SUBSCRIBERS", "changes.max_subscribers"),
    ("CHANGES_KEEP_ALIVE_MS", "changes.keep_alive_ms"),
    ("STORE_URL", "store.url"),
    ("STORE_MAX_CONNECTIONS", "store.max_connections"),
    ("STORE_ACQUIRE_TIMEOUT_MS", "store.acquire_timeout_ms"),
    ("STORE_STATEMENT_TIMEOUT_MS", "store.statement_timeout_ms"),
    ("SHOAL_DATA", "embedded.directory"),
    ("SHOAL_PARTITIONS", "embedded.partitions"),
    ("LOG_FORMAT", "telemetry.log_format"),
    ("RUST_LOG", "telemetry.log_filter"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
    ("OTEL_TRACES_SAMPLER_ARG", "telemetry.trace_ratio"),
];

/// Those of the sections that processes share.
const SHARED: &[(&str, &str)] = &joined::<{ BusConfig::ENVIRONMENT.len() + WarehouseConfig::ENVIRONMENT.len() }>(
    BusConfig::ENVIRONMENT,
    WarehouseConfig::ENVIRONMENT,
);

impl Configuration for Config {
    const DEFAULT_TOML: &'static str = concat!(
        include_str!("default.toml"),
        include_str!("../../crates/bus/src/bus.toml"),
        include_str!("../../crates/warehouse/src/warehouse.toml")
    );

    const ENVIRONMENT: &'static [(&'static str, &'static str)] = &joined::<{ OWN.len() + SHARED.len() }>(OWN, SHARED);

    fn problems(&self) -> Vec<String> {
        let mut problems = self.http.problems("http");
        problems.extend(self.telemetry.problems("telemetry"));
        problems.extend(self.bus.problems());
        problems.extend(self.warehouse.problems());
        problems.extend(self.store.problems("store"));
        let at_least_one = [
            ("definitions.poll_ms", self.definitions.poll_ms),
            ("definitions.max_segments", self.definitions.max_segments as u64),
            ("preview.at_once", self.preview.at_once as u64),
            ("preview.timeout_ms", self.preview.timeout_ms),
            ("changes.max_subscribers", self.changes.max_subscribers as u64),
            ("changes.keep_alive_ms", self.changes.keep_alive_ms),
            ("embedded.partitions", u64::from(self.embedded.partitions)),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        problems.extend(zero.map(|(key, _)| format!("`{key}` must be at least 1")));
        problems
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.bus.warnings();
        warnings.extend(self.warehouse.warnings());
        warnings.extend(self.store.warnings("store"));
        if self.preview.timeout_ms >= self.http.request_timeout_ms {
            warnings.push(
                "`preview.timeout_ms` is not below `http.request_timeout_ms`, which ends previews first".to_owned(),
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_legal_and_every_variable_sets_a_key() {
        let config = service::config::load_from::<Config>(None, |_| None).unwrap();
        assert_eq!(config.http.address.port(), 3000);
        let error = service::config::load_from::<Config>(None, |name| {
            (name == "CHANGES_MAX_SUBSCRIBERS").then(|| "0".to_owned())
        });
        assert_eq!(error.unwrap_err().problems, ["`changes.max_subscribers` must be at least 1"]);
    }
}
