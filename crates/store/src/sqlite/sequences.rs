//! Which ids were given: SQLite keeps the greatest of each numbered table.

use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::transfer::Table;

pub(super) async fn last_id(connection: &mut SqliteConnection, table: Table) -> Result<i64, StoreError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = $1")
        .bind(table.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(last.unwrap_or(0))
}

pub(super) async fn set_last_id(
    connection: &mut SqliteConnection,
    table: Table,
    last_id: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sqlite_sequence WHERE name = $1").bind(table.as_str()).execute(&mut *connection).await?;
    sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)")
        .bind(table.as_str())
        .bind(last_id)
        .execute(connection)
        .await?;
    Ok(())
}
