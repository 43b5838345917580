//! Opening the store that the configuration names: the only place that knows which ones there are.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::sqlite::SqliteStore;
use crate::{Store, StoreError};

/// Which store, and how long to wait for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreOptions {
    /// `postgres://…`, as `postgres::PostgresOptions` says it; empty for the file.
    pub url: String,
    /// The file of the store on SQLite, used without a URL.
    pub file: PathBuf,
    /// The most connections to a server.
    pub max_connections: u32,
    /// How long a call waits for one of them.
    pub acquire_timeout: Duration,
    /// How long one statement may take there.
    pub statement_timeout: Duration,
}

impl StoreOptions {
    /// Returns where the store is, for people: without the password.
    pub fn place(&self) -> String {
        if self.url.is_empty() {
            return self.file.display().to_string();
        }
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        // What follows `?` may hold a password too.
        let rest = rest.split('?').next().unwrap_or_default();
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{host}")
    }
}

/// Opens the store, makes it when it is not there, and brings its tables up to date.
pub async fn open(options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    if options.url.is_empty() {
        return Ok(Arc::new(SqliteStore::open(&options.file).await?));
    }
    open_postgres(options).await
}

#[cfg(feature = "postgres")]
async fn open_postgres(options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    use crate::postgres::{PostgresOptions, PostgresStore};
    let options = PostgresOptions {
        url: options.url.clone(),
        max_connections: options.max_connections,
        acquire_timeout: options.acquire_timeout,
        statement_timeout: options.statement_timeout,
    };
    Ok(Arc::new(PostgresStore::open(&options).await?))
}

#[cfg(not(feature = "postgres"))]
async fn open_postgres(options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    let place = options.place();
    Err(StoreError::Unavailable(format!(
        "this build has no Postgres, which {place} needs: build it with `--features distributed`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        let (wait, file) = (Duration::from_secs(1), PathBuf::from("data/shoal.sqlite"));
        let options = StoreOptions {
            url: url.to_owned(),
            file,
            max_connections: 1,
            acquire_timeout: wait,
            statement_timeout: wait,
        };
        assert_eq!(options.place(), expected);
    }

    #[test]
    fn a_place_names_no_password() {
        check("", "data/shoal.sqlite");
        check("postgres://shoal:p%40ss@db:5432/shoal?sslmode=verify-full", "postgres://db:5432/shoal");
        check("postgres://db/shoal?user=shoal&password=secret", "postgres://db/shoal");
        check("postgres://shoal:a@b@db/shoal", "postgres://db/shoal");
    }
}
