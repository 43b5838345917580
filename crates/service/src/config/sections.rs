//! The sections that every process has: its HTTP server, its metrics server, its telemetry.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The HTTP server of a process.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HttpConfig {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// The most bytes a request body has.
    pub max_body_bytes: usize,
    /// The most connections at once; further ones wait in the listener's queue.
    pub max_connections: usize,
    /// How long a client may take to send the headers of a request, or be silent between two, in
    /// milliseconds.
    pub header_timeout_ms: u64,
    /// How long one request may take, in milliseconds.
    pub request_timeout_ms: u64,
    /// How long requests under way may take to finish at shutdown, in milliseconds.
    pub drain_ms: u64,
}

impl HttpConfig {
    /// Returns how long a client may take to send the headers of a request, or be silent between two.
    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    /// Returns how long one request may take.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Returns how long requests under way may take to finish at shutdown.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// Returns what is wrong with it, each naming the key under `section`.
    pub fn problems(&self, section: &str) -> Vec<String> {
        let at_least_one = [
            ("max_body_bytes", self.max_body_bytes as u64),
            ("max_connections", self.max_connections as u64),
            ("header_timeout_ms", self.header_timeout_ms),
            ("request_timeout_ms", self.request_timeout_ms),
        ];
        at_least_one
            .into_iter()
            .filter(|(_, value)| *value == 0)
            .map(|(key, _)| format!("`{section}.{key}` must be at least 1"))
            .collect()
    }
}

/// The server of `/metrics`, apart from the public one.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MetricsConfig {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
}

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object per line, for machines.
    Json,
}

/// Logs, traces and metrics of a process.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TelemetryConfig {
    /// The name under which traces of this process are found.
    pub service_name: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Which log lines are written: directives as `RUST_LOG` takes them.
    pub log_filter: String,
    /// The OTLP/HTTP collector that traces are sent to, such as `http://127.0.0.1:4318`; empty sends none.
    pub otlp_endpoint: String,
    /// The share of traces that is sent, 0 to 1.
    pub trace_ratio: f64,
}

impl TelemetryConfig {
    /// Returns what is wrong with it, each naming the key under `section`.
    pub fn problems(&self, section: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if !(0.0..=1.0).contains(&self.trace_ratio) {
            problems.push(format!("`{section}.trace_ratio` must lie between 0 and 1, not at {}", self.trace_ratio));
        }
        if !self.otlp_endpoint.is_empty() && !self.otlp_endpoint.starts_with("http://") {
            problems.push(format!("`{section}.otlp_endpoint` must start with http:// (this build speaks no TLS)"));
        }
        if let Err(error) = self.log_filter.parse::<tracing_subscriber::EnvFilter>() {
            problems.push(format!("`{section}.log_filter` is no filter: {error}"));
        }
        problems
    }
}
