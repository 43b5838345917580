//! Reading users: a row joined with its `clientRefId`, which lies among the identities.

use schema::{Timestamp, UserId};

use super::{Backend, Connection};
use crate::{StoreError, User, UserProfile};

macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "SELECT u.user_id, u.name, u.email, c.value AS client_ref_id, u.created_at FROM users u ",
            "LEFT JOIN identities c ON c.user_id = u.user_id AND c.kind = 'client_ref_id' ",
            $rest
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: i64,
    name: Option<String>,
    email: Option<String>,
    client_ref_id: Option<String>,
    created_at: i64,
}

impl Backend {
    pub(super) async fn select_users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(select_users!("WHERE u.user_id > $1 ORDER BY u.user_id LIMIT $2"))
            .bind(after.map_or(0, |after| after.0))
            .bind(i64::from(limit))
            .fetch_all(self.readers())
            .await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    pub(super) async fn select_greatest_user_id(&self) -> Result<Option<UserId>, StoreError> {
        let greatest: Option<i64> = sqlx::query_scalar(
            "SELECT max(user_id) FROM (SELECT max(user_id) AS user_id FROM users \
             UNION ALL SELECT max(user_id) FROM user_deletions) AS known",
        )
        .fetch_one(self.readers())
        .await?;
        Ok(greatest.map(UserId))
    }
}

pub(super) async fn select(connection: &mut Connection, user_id: UserId) -> Result<Option<User>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as(select_users!("WHERE u.user_id = $1")).bind(user_id.0).fetch_optional(connection).await?;
    Ok(row.map(User::from))
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            user_id: UserId(row.user_id),
            profile: UserProfile { name: row.name, email: row.email, client_ref_id: row.client_ref_id },
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}
