//! Which ids were given: each numbered table has a sequence.

use sqlx::QueryBuilder;
use sqlx::postgres::Postgres;

use super::Connection;
use crate::StoreError;
use crate::transfer::Table;

fn name(table: Table) -> &'static str {
    match table {
        Table::Segments => "segments_segment_id_seq",
        Table::Audit => "audit_audit_id_seq",
        Table::Activities => "activities_activity_id_seq",
        // The others are not numbered.
        _ => "users_user_id_seq",
    }
}

pub(super) async fn last_id(connection: &mut Connection, table: Table) -> Result<i64, StoreError> {
    let mut query = QueryBuilder::<Postgres>::new("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ");
    query.push(name(table));
    Ok(query.build_query_scalar().fetch_one(connection).await?)
}

pub(super) async fn set_last_id(connection: &mut Connection, table: Table, last_id: i64) -> Result<(), StoreError> {
    // A sequence begins at 1, which was not given when nothing was.
    sqlx::query("SELECT setval($1::regclass, GREATEST($2, 1), $2 > 0)")
        .bind(name(table))
        .bind(last_id)
        .execute(connection)
        .await?;
    Ok(())
}
