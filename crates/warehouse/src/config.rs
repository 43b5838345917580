//! The section `warehouse` of a service's configuration.
//!
//! Here and not in each service, because three processes must mean the same by it. Its defaults, with
//! what each key means, are in `warehouse.toml`, which each service puts behind its own.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::WarehouseError;
use crate::databend::{DatabendError, DatabendOptions};

/// Which history, and how long to wait for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WarehouseConfig {
    /// `databend://user:password@host:port/database`; empty for the history that goes with the log.
    pub url: WarehouseUrl,
    /// How long a statement or a load may take.
    pub request_timeout_ms: u64,
}

/// A URL with a password in it: shows itself as `[redacted]`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct WarehouseUrl(String);

impl fmt::Debug for WarehouseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl Serialize for WarehouseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl WarehouseUrl {
    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "[redacted]" }
    }
}

impl WarehouseConfig {
    /// Which environment variable sets which key.
    pub const ENVIRONMENT: &'static [(&'static str, &'static str)] =
        &[("WAREHOUSE_URL", "warehouse.url"), ("WAREHOUSE_REQUEST_TIMEOUT_MS", "warehouse.request_timeout_ms")];

    /// Returns whether the history is on a server.
    pub fn is_server(&self) -> bool {
        !self.url.0.is_empty()
    }

    /// Returns what cannot be, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.request_timeout_ms == 0 {
            problems.push("`warehouse.request_timeout_ms` must be at least 1".to_owned());
        }
        if let Some(Err(error)) = self.parsed() {
            problems.push(format!("`warehouse.url`: {error}"));
        }
        problems
    }

    /// Returns what is legal but dangerous.
    pub fn warnings(&self) -> Vec<String> {
        let Some(Ok(options)) = self.parsed() else { return Vec::new() };
        if options.is_encrypted() || options.is_on_this_machine() {
            return Vec::new();
        }
        vec![
            "`warehouse.url` says sslmode=disable: whoever stands between reads the password and every event"
                .to_owned(),
        ]
    }

    /// Returns the Databend that is configured.
    pub(crate) fn databend(&self) -> Result<Option<DatabendOptions>, WarehouseError> {
        let misfit = |error: DatabendError| WarehouseError::Damaged(error.to_string());
        self.parsed().transpose().map_err(misfit)
    }

    fn parsed(&self) -> Option<Result<DatabendOptions, DatabendError>> {
        let parsed = self.is_server().then(|| DatabendOptions::parse(&self.url.0))?;
        let request_timeout = Duration::from_millis(self.request_timeout_ms);
        Some(parsed.map(|options| options.with_request_timeout(request_timeout)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, problems: usize, warnings: usize) {
        let config = WarehouseConfig { url: WarehouseUrl(url.to_owned()), request_timeout_ms: 1 };
        let found = (config.problems(), config.warnings());
        assert_eq!((found.0.len(), found.1.len()), (problems, warnings), "{found:?}");
        let shown = format!("{config:?} {} {found:?}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_server_elsewhere_should_be_asked_in_private() {
        check("", 0, 0);
        check("databend://shoal:hunter2@db/shoal", 0, 0);
        check("databend://shoal:hunter2@127.0.0.1:8000/shoal?sslmode=disable", 0, 0);
        check("databend://shoal:hunter2@localhost:8000/shoal?sslmode=disable", 0, 0);
        check("databend://shoal:hunter2@db:8000/shoal?sslmode=disable", 0, 1);
        check("clickhouse://shoal:hunter2@db/shoal", 1, 0);
    }
}
