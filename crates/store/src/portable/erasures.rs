//! The outbox of erasures: what is gone here and must still be said to the log.

use std::collections::BTreeMap;

use schema::{LogPosition, Offset, PartitionId, Timestamp, UserId};

use super::{Backend, Connection};
use crate::sql_error::damaged;
use crate::{StoreError, UserErasure};

#[derive(sqlx::FromRow)]
struct Row {
    user_id: i64,
    requested_at: i64,
    log_partition: Option<i64>,
    log_offset: Option<i64>,
    recorded_at: Option<i64>,
}

impl Backend {
    pub(super) async fn select_pending_erasures(&self, limit: u32) -> Result<Vec<UserErasure>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT user_id, requested_at, log_partition, log_offset, recorded_at FROM user_deletions \
             WHERE recorded_at IS NULL ORDER BY user_id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        rows.into_iter().map(UserErasure::try_from).collect()
    }

    pub(super) async fn select_number_of_erasures(&self) -> Result<u64, StoreError> {
        let number: i64 = sqlx::query_scalar("SELECT count(*) FROM user_deletions").fetch_one(self.readers()).await?;
        u64::try_from(number).map_err(|_| damaged("number of erasures", number))
    }

    pub(super) async fn select_last_recorded_erasures(&self) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT log_partition, MAX(log_offset) FROM user_deletions WHERE log_partition IS NOT NULL \
             GROUP BY log_partition",
        )
        .fetch_all(self.readers())
        .await?;
        let last = |(partition, offset): (i64, i64)| {
            let partition = u16::try_from(partition).map_err(|_| damaged("log partition", partition))?;
            Ok((PartitionId(partition), offset.cast_unsigned()))
        };
        rows.into_iter().map(last).collect()
    }
}

pub(super) async fn select(connection: &mut Connection, user_id: UserId) -> Result<Option<UserErasure>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT user_id, requested_at, log_partition, log_offset, recorded_at FROM user_deletions WHERE user_id = $1",
    )
    .bind(user_id.0)
    .fetch_optional(connection)
    .await?;
    row.map(UserErasure::try_from).transpose()
}

pub(super) async fn insert(connection: &mut Connection, erasure: &UserErasure) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO user_deletions (user_id, requested_at) VALUES ($1, $2)")
        .bind(erasure.user_id.0)
        .bind(erasure.requested_at.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes a user and its identities; returns whether there was one.
pub(super) async fn delete_user(connection: &mut Connection, user_id: UserId) -> Result<bool, StoreError> {
    sqlx::query("DELETE FROM identities WHERE user_id = $1").bind(user_id.0).execute(&mut *connection).await?;
    let deleted = sqlx::query("DELETE FROM users WHERE user_id = $1").bind(user_id.0).execute(connection).await?;
    Ok(deleted.rows_affected() > 0)
}

pub(super) async fn set_recorded(
    connection: &mut Connection,
    user_id: UserId,
    position: LogPosition,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE user_deletions SET log_partition = $1, log_offset = $2, recorded_at = $3 \
         WHERE user_id = $4 AND recorded_at IS NULL",
    )
    .bind(i64::from(position.partition.0))
    .bind(position.offset.cast_signed())
    .bind(now.as_micros())
    .bind(user_id.0)
    .execute(connection)
    .await?;
    Ok(())
}

impl TryFrom<Row> for UserErasure {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let recorded = match (row.log_partition, row.log_offset, row.recorded_at) {
            (Some(partition), Some(offset), Some(at)) => {
                let partition = u16::try_from(partition).map_err(|_| damaged("log partition", partition))?;
                let position = LogPosition { partition: PartitionId(partition), offset: offset.cast_unsigned() };
                Some((position, Timestamp::from_micros(at)))
            }
            _ => None,
        };
        Ok(Self { user_id: UserId(row.user_id), requested_at: Timestamp::from_micros(row.requested_at), recorded })
    }
}
