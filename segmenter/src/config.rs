//! The configuration of the segmenter; `default.toml` names every key and says what it means.

use std::path::PathBuf;
use std::time::Duration;

use bus::BusConfig;
use serde::{Deserialize, Serialize};
use service::config::{Configuration, MetricsConfig, TelemetryConfig, joined};
use warehouse::WarehouseConfig;

use crate::spill::SpillConfig;

/// Everything that can be configured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Config {
    /// The server of metrics and health.
    pub metrics: MetricsConfig,
    /// The log: embedded, or on brokers.
    pub bus: BusConfig,
    /// The history: what goes with the log, or a server.
    pub warehouse: WarehouseConfig,
    /// Where the embedded parts are, for a segmenter that opens them itself.
    pub embedded: EmbeddedConfig,
    /// The bounds of every owner.
    pub owner: OwnerConfig,
    /// Users with very much state.
    pub spill: SpillConfig,
    /// Logs, traces and metrics.
    pub telemetry: TelemetryConfig,
}

/// Where the embedded log and history are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EmbeddedConfig {
    /// The data directory.
    pub directory: PathBuf,
    /// How many partitions a new installation gets.
    pub partitions: u16,
}

/// The bounds of every owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnerConfig {
    /// The most records that are applied and committed at once.
    pub max_records: usize,
    /// The most users whose deadlines fire between two batches of records.
    pub max_timers: usize,
    /// How often a partition says how far it is when nothing happens, in milliseconds.
    pub heartbeat_ms: u64,
    /// How many rows of history are handed to a partition at once.
    pub history_rows: usize,
    /// How many partitions read history at once.
    pub history_readers: usize,
    /// How long a partition that could not read the history goes on without before it tries again, in milliseconds.
    pub history_retry_ms: u64,
    /// How many partitions are restored at once.
    pub restores_at_once: usize,
}

impl OwnerConfig {
    /// Returns how often a partition says how far it is when nothing happens.
    pub const fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }

    /// Returns how long a partition goes on without a history that it could not read.
    pub const fn history_retry(&self) -> Duration {
        Duration::from_millis(self.history_retry_ms)
    }

    fn problems(&self) -> Vec<String> {
        let at_least_one = [
            ("max_records", self.max_records as u64),
            ("max_timers", self.max_timers as u64),
            ("heartbeat_ms", self.heartbeat_ms),
            ("history_rows", self.history_rows as u64),
            ("history_readers", self.history_readers as u64),
            ("history_retry_ms", self.history_retry_ms),
            ("restores_at_once", self.restores_at_once as u64),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        zero.map(|(key, _)| format!("`owner.{key}` must be at least 1")).collect()
    }
}

/// The variables of this process alone.
const OWN: &[(&str, &str)] = &[
    ("SEGMENTER_METRICS_ADDRESS", "metrics.address"),
    ("SHOAL_DATA", "embedded.directory"),
    ("SHOAL_PARTITIONS", "embedded.partitions"),
    ("SEGMENTER_MAX_RECORDS", "owner.max_records"),
    ("SEGMENTER_MAX_TIMERS", "owner.max_timers"),
    ("SEGMENTER_HEARTBEAT_MS", "owner.heartbeat_ms"),
    ("SEGMENTER_HISTORY_ROWS", "owner.history_rows"),
    ("SEGMENTER_HISTORY_READERS", "owner.history_readers"),
    ("SEGMENTER_HISTORY_RETRY_MS", "owner.history_retry_ms"),
    ("SEGMENTER_RESTORES_AT_ONCE", "owner.restores_at_once"),
    ("SEGMENTER_LARGE_USER_BYTES", "spill.user_bytes"),
    ("SEGMENTER_LARGE_RESIDENT_BYTES", "spill.resident_bytes"),
    ("SEGMENTER_SPILL_DISK_BYTES", "spill.disk_bytes"),
    ("SEGMENTER_SPILL_DIRECTORY", "spill.directory"),
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
        let mut problems = self.owner.problems();
        problems.extend(self.spill.problems());
        problems.extend(self.telemetry.problems("telemetry"));
        problems.extend(self.bus.problems());
        problems.extend(self.warehouse.problems());
        if self.embedded.partitions == 0 {
            problems.push("`embedded.partitions` must be at least 1".to_owned());
        }
        problems
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.bus.warnings();
        warnings.extend(self.warehouse.warnings());
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_every_variable_sets_a_key() {
        let value_of = |name: &str| match name {
            "SEGMENTER_METRICS_ADDRESS" => Some("127.0.0.1:1".to_owned()),
            "BUS_CREATE_TOPICS" | "BUS_TLS" => Some("true".to_owned()),
            "BUS_SASL_MECHANISM" => Some("PLAIN".to_owned()),
            "WAREHOUSE_URL" => Some("databend://db/shoal".to_owned()),
            "BUS_MAX_RECORD_BYTES" => Some("1024".to_owned()),
            "LOG_FORMAT" => Some("json".to_owned()),
            "RUST_LOG" => Some("debug".to_owned()),
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://127.0.0.1:4318".to_owned()),
            _ => Some("1".to_owned()),
        };
        service::config::defaults::<Config>().unwrap();
        let changed: Config = service::config::load_from(None, value_of).unwrap();
        assert_eq!(changed.owner.max_records, 1);
        assert_eq!(changed.embedded.directory, PathBuf::from("1"));
    }

    #[test]
    fn a_bound_of_zero_is_refused_by_its_name() {
        let zero = |name: &str| (name == "SEGMENTER_MAX_TIMERS").then(|| "0".to_owned());
        let error = service::config::load_from::<Config>(None, zero).unwrap_err();
        assert_eq!(error.problems, ["`owner.max_timers` must be at least 1"]);
    }
}
