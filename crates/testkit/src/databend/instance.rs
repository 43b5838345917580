//! A database of its own on a Databend, and statements in it.

use std::fmt;

use anyhow::Context;
use databend_driver::{Client, Connection};
use schema::UserId;
use uuid::Uuid;

use super::server::EmbeddedServer;

/// Names the server to use instead of the embedded one.
const DSN_VARIABLE: &str = "DATABEND_DSN";

/// A connection to a database of its own.
pub struct Databend {
    pub(super) connection: Connection,
    database: String,
    /// Ended after the connection.
    server: Option<EmbeddedServer>,
}

/// The rows of an answer as Databend writes them, with the types of the columns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cells {
    /// `Decimal(18, 4)`, `Nullable(String)`, …; empty for an answer without rows.
    pub types: Vec<String>,
    /// NULL is `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Databend refused a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    /// Databend's own code: 1005 syntax, 1006 bad arguments, 1065 semantics.
    pub code: u16,
    /// In its words.
    pub message: String,
}

impl fmt::Debug for Databend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databend").field("database", &self.database).field("server", &self.server).finish()
    }
}

impl Databend {
    /// Connects to `DATABEND_DSN` or to an embedded server, and makes an empty database.
    pub async fn start() -> anyhow::Result<Self> {
        let (server, dsn) = match std::env::var(DSN_VARIABLE) {
            Ok(dsn) => (None, dsn),
            Err(_) => {
                let server = EmbeddedServer::start().await?;
                let dsn = server.dsn();
                (Some(server), dsn)
            }
        };
        let connection = Client::new(dsn).get_conn().await.context("connecting to Databend")?;
        let database = format!("shoal_test_{}", Uuid::new_v4().simple());
        let databend = Self { connection, database, server };
        databend.execute(&format!("CREATE DATABASE {}", databend.database)).await?;
        databend.execute(&format!("USE {}", databend.database)).await?;
        Ok(databend)
    }

    /// Runs a statement whose rows nobody needs.
    pub async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        self.connection.exec(sql).await.with_context(|| format!("running on Databend: {sql}"))?;
        Ok(())
    }

    /// Runs a query. What Databend refuses is a value, an unreachable server an error.
    pub async fn query(&self, sql: &str) -> anyhow::Result<Result<Cells, Refused>> {
        let rows = match self.connection.query_raw_all(sql).await {
            Ok(rows) => rows,
            Err(error) => return refusal(error).with_context(|| format!("running on Databend: {sql}")).map(Err),
        };
        let types =
            rows.first().map(|row| row.schema().fields().iter().map(|field| field.data_type.to_string()).collect());
        Ok(Ok(Cells { types: types.unwrap_or_default(), rows: rows.into_iter().map(|row| row.raw_row).collect() }))
    }

    /// Runs a query whose only column is `user_id`; ascending, without repetitions.
    pub async fn user_ids(&self, sql: &str) -> anyhow::Result<Result<Vec<UserId>, Refused>> {
        let cells = match self.query(sql).await? {
            Ok(cells) => cells,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut users = cells.rows.iter().map(|row| user_id(row)).collect::<anyhow::Result<Vec<_>>>()?;
        users.sort_unstable();
        users.dedup();
        Ok(Ok(users))
    }

    /// Drops the database; an embedded server needs no such courtesy.
    pub async fn finish(self) -> anyhow::Result<()> {
        if self.server.is_none() {
            self.execute(&format!("DROP DATABASE {}", self.database)).await?;
        }
        Ok(())
    }
}

fn user_id(row: &[Option<String>]) -> anyhow::Result<UserId> {
    let [Some(text)] = row else { anyhow::bail!("expected one user id, got {row:?}") };
    Ok(UserId(text.parse().with_context(|| format!("reading the user id {text}"))?))
}

/// Returns what Databend refused, or the error when it did not come from Databend.
fn refusal(error: databend_driver::Error) -> anyhow::Result<Refused> {
    use databend_client::Error as Client;
    let databend_driver::Error::Api(api) = &error else { return Err(error.into()) };
    let mut cause = api;
    while let Client::WithContext { inner, .. } = cause {
        cause = inner;
    }
    match cause {
        Client::QueryFailed(refused) | Client::Logic(_, refused) => {
            Ok(Refused { code: refused.code, message: refused.message.clone() })
        }
        _ => Err(error.into()),
    }
}
