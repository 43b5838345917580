//! A connection, and statements on it.

use std::fmt;

use databend_driver::{Client, Connection};
use schema::UserId;

use super::DatabendError;

/// A connection to Databend, in one database.
pub struct Databend {
    pub(super) connection: Connection,
}

/// The rows of an answer as Databend writes them, with the types of the columns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cells {
    /// `Decimal(18, 4)`, `Nullable(String)`, …; empty for an answer without rows.
    pub types: Vec<String>,
    /// NULL is `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

impl fmt::Debug for Databend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databend").finish_non_exhaustive()
    }
}

impl Databend {
    /// Connects to the server that a DSN names: `databend://user:password@host:port/database`.
    pub async fn connect(dsn: &str) -> Result<Self, DatabendError> {
        Ok(Self { connection: Client::new(dsn.to_owned()).get_conn().await? })
    }

    /// Runs a statement whose rows nobody needs.
    pub async fn execute(&self, sql: &str) -> Result<(), DatabendError> {
        self.connection.exec(sql).await?;
        Ok(())
    }

    /// Runs a query.
    pub async fn query(&self, sql: &str) -> Result<Cells, DatabendError> {
        let rows = self.connection.query_raw_all(sql).await?;
        let types =
            rows.first().map(|row| row.schema().fields().iter().map(|field| field.data_type.to_string()).collect());
        Ok(Cells { types: types.unwrap_or_default(), rows: rows.into_iter().map(|row| row.raw_row).collect() })
    }

    /// Runs a query whose only column is `user_id`; ascending, without repetitions.
    pub async fn user_ids(&self, sql: &str) -> Result<Vec<UserId>, DatabendError> {
        let cells = self.query(sql).await?;
        let mut users = cells.rows.iter().map(|row| user_id(row)).collect::<Result<Vec<_>, _>>()?;
        users.sort_unstable();
        users.dedup();
        Ok(users)
    }
}

fn user_id(row: &[Option<String>]) -> Result<UserId, DatabendError> {
    let read = match row {
        [Some(text)] => text.parse().ok().map(UserId),
        _ => None,
    };
    read.ok_or_else(|| DatabendError::Unexpected(format!("{row:?} where one user id was asked for")))
}
