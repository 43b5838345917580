//! The section of processes that use the store: which one, and how long to wait for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Secret;

/// Which store, and how long to wait for it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StoreConfig {
    /// `postgres://user:password@host/database?sslmode=verify-full`; empty for a file in the data directory.
    pub url: Secret,
    /// The most connections of this process to a server.
    pub max_connections: u32,
    /// How long a call waits for one of them, or for a server that is away, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// How long one statement may take, in milliseconds.
    pub statement_timeout_ms: u64,
}

impl StoreConfig {
    /// Returns how long a call waits for a connection.
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    /// Returns how long one statement may take.
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    /// Returns what is wrong with it, each naming the key under `section`.
    pub fn problems(&self, section: &str) -> Vec<String> {
        let at_least_one = [
            ("max_connections", u64::from(self.max_connections)),
            ("acquire_timeout_ms", self.acquire_timeout_ms),
            ("statement_timeout_ms", self.statement_timeout_ms),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        let mut problems: Vec<String> = zero.map(|(key, _)| format!("`{section}.{key}` must be at least 1")).collect();
        let url = self.url.expose();
        if !url.is_empty() && !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            problems.push(format!("`{section}.url` must start with postgres:// (or be empty, for a file)"));
        }
        problems
    }

    /// Returns what is legal but dangerous.
    pub fn warnings(&self, section: &str) -> Vec<String> {
        let url = self.url.expose();
        if url.is_empty() || is_on_this_machine(url) || url.contains("=verify-full") {
            return Vec::new();
        }
        vec![format!(
            "`{section}.url` does not ask for sslmode=verify-full: whoever stands between can read and change everything"
        )]
    }
}

/// Returns whether the server is reached without a network.
fn is_on_this_machine(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    ["localhost", "127.", "[::1]", "%2F"].iter().any(|local| host.starts_with(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, problems: usize, warnings: usize) {
        let url = Secret::from(url.to_owned());
        let config = StoreConfig { url, max_connections: 1, acquire_timeout_ms: 1, statement_timeout_ms: 1 };
        let found = (config.problems("store"), config.warnings("store"));
        assert_eq!((found.0.len(), found.1.len()), (problems, warnings), "{found:?}");
    }

    #[test]
    fn a_server_elsewhere_should_prove_who_it_is() {
        check("", 0, 0);
        check("mysql://db/shoal", 1, 1);
        check("postgres://shoal:pass@localhost:5432/shoal", 0, 0);
        check("postgres://127.0.0.1/shoal", 0, 0);
        check("postgres://shoal:pass@db/shoal", 0, 1);
        check("postgres://shoal:127.0.0.1@db/shoal?sslmode=require", 0, 1);
        check("postgres://shoal:pass@db/shoal?sslmode=verify-full&sslrootcert=/ca.pem", 0, 0);
    }
}
