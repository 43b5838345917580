//! What can be configured, and from where.

use std::path::PathBuf;
use std::time::Duration;

use bus::BusConfig;
use serde::{Deserialize, Serialize};
use service::config::{ConfigError, Configuration, HttpConfig, MetricsConfig, StoreConfig, TelemetryConfig, joined};
use store::StoreOptions;
use warehouse::WarehouseConfig;

use crate::warehouse_writer::{MAX_BATCH_RECORDS, WriterOptions};

/// The configuration of the ingestion API.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Config {
    /// The public server.
    pub http: HttpConfig,
    /// The metrics server.
    pub metrics: MetricsConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Limits of events and batches.
    pub ingest: IngestConfig,
    /// Identity → user.
    pub identities: IdentityConfig,
    /// Which web pages may post.
    pub cors: CorsConfig,
    /// Log → history.
    pub warehouse_writer: WarehouseWriterConfig,
    /// The log: embedded, or on brokers.
    pub bus: BusConfig,
    /// The history: what goes with the log, or a server.
    pub warehouse: WarehouseConfig,
    /// Which store, and how long to wait for it.
    pub store: StoreConfig,
    /// Where the embedded parts live; used by `run` alone.
    pub embedded: EmbeddedConfig,
}

/// Limits of events and batches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IngestConfig {
    /// The most bytes of one event.
    pub max_event_bytes: usize,
    /// The most events of one batch.
    pub max_batch_events: usize,
    /// The most bytes of bodies that are being worked on.
    pub max_in_flight_bytes: usize,
    /// How long a client may take to send its body.
    pub body_timeout_ms: u64,
}

/// What an event of an unknown identity does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownUsers {
    /// It makes a user.
    Create,
    /// It is refused and reported.
    Reject,
}

/// Identity → user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdentityConfig {
    /// What an event of an unknown identity does.
    pub unknown_users: UnknownUsers,
    /// The most identities that are remembered.
    pub cache_entries: u64,
    /// For how long they are.
    pub cache_ttl_seconds: u64,
    /// The most identities of one call to the store.
    pub max_batch: usize,
    /// How long such a call may take.
    pub resolve_timeout_ms: u64,
    /// The most requests that wait for unknown identities.
    pub max_waiting_requests: usize,
}

/// Which web pages may post.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CorsConfig {
    /// Origins such as `https://shop.example`; `*` for all.
    pub allowed_origins: Vec<String>,
}

/// Log → history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WarehouseWriterConfig {
    /// How long records are gathered before they are written; 0 for what suits the warehouse.
    pub flush_interval_ms: u64,
    /// How many are written at once at most; 0 for what suits the warehouse.
    pub batch_records: usize,
    /// How many bytes of them.
    pub batch_bytes: usize,
    /// After this many failures in a row the warehouse counts as away.
    pub retry_attempts: u32,
    /// The first pause after a failure; doubles with each one that follows.
    pub retry_min_ms: u64,
    /// The longest pause between two attempts.
    pub retry_max_ms: u64,
}

impl WarehouseWriterConfig {
    fn options(&self, suitable: WriterOptions) -> WriterOptions {
        let chosen = |value: u64| (value > 0).then_some(value);
        WriterOptions {
            flush_interval: chosen(self.flush_interval_ms).map_or(suitable.flush_interval, Duration::from_millis),
            batch_records: if self.batch_records > 0 { self.batch_records } else { suitable.batch_records },
            batch_bytes: self.batch_bytes,
            retry_attempts: self.retry_attempts,
            retry_min: Duration::from_millis(self.retry_min_ms),
            retry_max: Duration::from_millis(self.retry_max_ms),
            ..suitable
        }
    }

    fn problems(&self) -> Vec<String> {
        let at_least_one = [
            ("batch_bytes", self.batch_bytes as u64),
            ("retry_attempts", u64::from(self.retry_attempts)),
            ("retry_min_ms", self.retry_min_ms),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        let mut problems: Vec<String> =
            zero.map(|(key, _)| format!("`warehouse_writer.{key}` must be at least 1")).collect();
        if self.batch_records > MAX_BATCH_RECORDS {
            problems.push(format!("`warehouse_writer.batch_records` must be at most {MAX_BATCH_RECORDS}"));
        }
        if self.retry_max_ms < self.retry_min_ms {
            problems
                .push("`warehouse_writer.retry_max_ms` must be at least `warehouse_writer.retry_min_ms`".to_owned());
        }
        problems
    }
}

/// Where the embedded parts live.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EmbeddedConfig {
    /// The folder.
    pub directory: PathBuf,
    /// The partitions of a new log.
    pub partitions: u16,
}

impl Config {
    /// Returns the defaults.
    pub fn defaults() -> Result<Self, ConfigError> {
        service::config::defaults()
    }

    /// Reads file and environment.
    pub fn load() -> Result<Self, ConfigError> {
        service::config::load()
    }

    /// Returns how the history is written, by what suits the one that is configured.
    pub(crate) fn writer_options(&self) -> WriterOptions {
        let of_a_server = self.warehouse.is_server();
        let suitable = if of_a_server { WriterOptions::of_a_server() } else { WriterOptions::default() };
        self.warehouse_writer.options(suitable)
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
    ("INGESTION_ADDRESS", "http.address"),
    ("INGESTION_MAX_BODY_BYTES", "http.max_body_bytes"),
    ("INGESTION_MAX_CONNECTIONS", "http.max_connections"),
    ("INGESTION_HEADER_TIMEOUT_MS", "http.header_timeout_ms"),
    ("INGESTION_REQUEST_TIMEOUT_MS", "http.request_timeout_ms"),
    ("INGESTION_DRAIN_MS", "http.drain_ms"),
    ("INGESTION_METRICS_ADDRESS", "metrics.address"),
    ("INGESTION_MAX_EVENT_BYTES", "ingest.max_event_bytes"),
    ("INGESTION_MAX_BATCH_EVENTS", "ingest.max_batch_events"),
    ("INGESTION_MAX_IN_FLIGHT_BYTES", "ingest.max_in_flight_bytes"),
    ("INGESTION_BODY_TIMEOUT_MS", "ingest.body_timeout_ms"),
    ("UNKNOWN_USERS", "identities.unknown_users"),
    ("IDENTITY_CACHE_ENTRIES", "identities.cache_entries"),
    ("IDENTITY_CACHE_TTL_SECONDS", "identities.cache_ttl_seconds"),
    ("IDENTITY_MAX_BATCH", "identities.max_batch"),
    ("IDENTITY_RESOLVE_TIMEOUT_MS", "identities.resolve_timeout_ms"),
    ("IDENTITY_MAX_WAITING_REQUESTS", "identities.max_waiting_requests"),
    ("INGESTION_CORS_ORIGINS", "cors.allowed_origins"),
    ("WAREHOUSE_WRITER_FLUSH_INTERVAL_MS", "warehouse_writer.flush_interval_ms"),
    ("WAREHOUSE_WRITER_BATCH_RECORDS", "warehouse_writer.batch_records"),
    ("WAREHOUSE_WRITER_BATCH_BYTES", "warehouse_writer.batch_bytes"),
    ("WAREHOUSE_WRITER_RETRY_ATTEMPTS", "warehouse_writer.retry_attempts"),
    ("WAREHOUSE_WRITER_RETRY_MIN_MS", "warehouse_writer.retry_min_ms"),
    ("WAREHOUSE_WRITER_RETRY_MAX_MS", "warehouse_writer.retry_max_ms"),
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
        let at_least_one = [
            ("ingest.max_event_bytes", self.ingest.max_event_bytes as u64),
            ("ingest.max_batch_events", self.ingest.max_batch_events as u64),
            ("ingest.body_timeout_ms", self.ingest.body_timeout_ms),
            ("identities.max_batch", self.identities.max_batch as u64),
            ("identities.resolve_timeout_ms", self.identities.resolve_timeout_ms),
            ("identities.max_waiting_requests", self.identities.max_waiting_requests as u64),
            ("embedded.partitions", u64::from(self.embedded.partitions)),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        let mut problems: Vec<String> = zero.map(|(key, _)| format!("`{key}` must be at least 1")).collect();
        problems.extend(self.http.problems("http"));
        problems.extend(self.telemetry.problems("telemetry"));
        problems.extend(self.bus.problems());
        problems.extend(self.warehouse.problems());
        problems.extend(self.warehouse_writer.problems());
        problems.extend(self.store.problems("store"));
        if self.ingest.max_in_flight_bytes < self.http.max_body_bytes {
            problems.push("`ingest.max_in_flight_bytes` must be at least `http.max_body_bytes`".to_owned());
        }
        let origins = self.cors.allowed_origins.iter().filter(|origin| *origin != "*" && !origin.contains("://"));
        problems.extend(
            origins.map(|origin| format!("`cors.allowed_origins`: `{origin}` is no origin like https://shop.example")),
        );
        problems
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.bus.warnings();
        warnings.extend(self.warehouse.warnings());
        warnings.extend(self.store.warnings("store"));
        if self.identities.cache_entries == 0 {
            warnings.push("`identities.cache_entries` is 0: every event asks the store".to_owned());
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_sound() {
        let config = Config::defaults().unwrap();
        assert_eq!(config.http.address.port(), 4000);
        assert_eq!(config.metrics.address.port(), 4001);
        assert_eq!(config.problems(), [""; 0]);
    }

    #[test]
    fn a_server_gets_fewer_and_larger_batches_unless_somebody_says_otherwise() {
        let with = |given: &[(&str, &str)]| {
            let text = |asked: &str| given.iter().find(|(name, _)| *name == asked).map(|(_, text)| (*text).to_owned());
            service::config::load_from::<Config>(None, text).map(|config| config.writer_options())
        };
        let server = ("WAREHOUSE_URL", "databend://shoal:secret@db/shoal");
        assert_eq!(with(&[]).unwrap(), WriterOptions::default());
        assert_eq!(with(&[server]).unwrap(), WriterOptions::of_a_server());
        let own = with(&[server, ("WAREHOUSE_WRITER_BATCH_RECORDS", "2000000")]).unwrap();
        assert_eq!(own, WriterOptions { batch_records: 2_000_000, ..WriterOptions::of_a_server() });
        assert!(with(&[("WAREHOUSE_WRITER_BATCH_RECORDS", "2000001")]).is_err());
    }

    #[test]
    fn every_variable_sets_a_key_that_exists() {
        for (name, path) in Config::ENVIRONMENT {
            let text = |asked: &str| (asked == *name).then(|| "?".to_owned());
            let problems = match service::config::load_from::<Config>(None, text) {
                Ok(_) => continue,
                Err(error) => error.to_string(),
            };
            assert!(!problems.contains("lacks"), "{name} → {path}: {problems}");
        }
    }
}
