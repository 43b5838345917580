//! How to reach the server, and how long to wait for it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::StoreError;

/// How to reach the server, and how long to wait for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`, with what libpq takes behind `?`: `sslmode=verify-full`,
    /// `sslrootcert=FILE`, `sslcert=FILE`, `sslkey=FILE`.
    pub url: String,
    /// The most connections of this process; one more listens.
    pub max_connections: u32,
    /// How long a call waits for a free connection, or for a server that is away.
    pub acquire_timeout: Duration,
    /// How long one statement may take, waiting for locks included; the server ends it.
    pub statement_timeout: Duration,
}

impl PostgresOptions {
    /// Returns the options for a server with the defaults for the rest.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
        }
    }

    /// Returns how connections for requests are made.
    pub(super) fn for_requests(&self) -> Result<PgConnectOptions, StoreError> {
        let statement_timeout = format!("{}ms", self.statement_timeout.as_millis());
        Ok(self.parse()?.options([
            ("statement_timeout", statement_timeout.as_str()),
            // A process that stopped in the middle must not hold its locks: longer than any statement.
            ("idle_in_transaction_session_timeout", statement_timeout.as_str()),
            // Everything here is looked up by key, thousands of keys at a time. A plan that was made when
            // the tables were empty reads them from end to end, and would be kept when they have filled.
            ("plan_cache_mode", "force_custom_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
        ]))
    }

    /// Returns how the connection that migrates is made: no statement of it is cut short.
    pub(super) fn for_migrations(&self) -> Result<PgConnectOptions, StoreError> {
        self.parse()
    }

    fn parse(&self) -> Result<PgConnectOptions, StoreError> {
        let options = PgConnectOptions::from_str(&self.url)
            .map_err(|error| StoreError::Unavailable(format!("reading the store's URL: {error}")))?;
        let name = options.get_application_name().unwrap_or("shoal").to_owned();
        Ok(options.application_name(&name))
    }
}
