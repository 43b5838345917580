//! Identities → users, thousands at a time: a few statements per batch, not one per identity.

use std::collections::HashMap;

use schema::{Identity, IdentityKind, UserId};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::SqliteStore;
use crate::sql_error::damaged;
use crate::{StoreError, clock};

/// Rows per statement: three parameters each stay far below the 32,766 that SQLite takes.
const ROWS_PER_STATEMENT: usize = 1_000;

type Resolved<'a> = HashMap<&'a Identity, UserId>;

impl SqliteStore {
    pub(super) async fn resolve(
        &self,
        identities: &[Identity],
        create: bool,
    ) -> Result<Vec<Option<UserId>>, StoreError> {
        let mut resolved = Resolved::with_capacity(identities.len());
        let mut reader = self.readers().acquire().await?;
        find(&mut reader, identities, &mut resolved).await?;
        drop(reader);
        if create && identities.iter().any(|identity| !resolved.contains_key(identity)) {
            self.resolve_or_create(identities, &mut resolved).await?;
        }
        Ok(identities.iter().map(|identity| resolved.get(identity).copied()).collect())
    }

    async fn resolve_or_create<'a>(
        &self,
        identities: &'a [Identity],
        resolved: &mut Resolved<'a>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_durable().await?;
        // Again, and all of them: since the first look, users may have come and others been erased.
        resolved.clear();
        find(transaction.connection(), identities, resolved).await?;
        for unknown in unknown(identities, resolved).chunks(ROWS_PER_STATEMENT) {
            let user_ids = insert_users(transaction.connection(), unknown.len()).await?;
            insert_identities(transaction.connection(), unknown, &user_ids).await?;
            resolved.extend(unknown.iter().copied().zip(user_ids));
        }
        transaction.commit().await
    }
}

/// Returns the identities that are not resolved, each once, in order.
fn unknown<'a>(identities: &'a [Identity], resolved: &Resolved<'_>) -> Vec<&'a Identity> {
    let mut seen = std::collections::HashSet::new();
    identities.iter().filter(|identity| !resolved.contains_key(identity) && seen.insert(*identity)).collect()
}

async fn find<'a>(
    connection: &mut SqliteConnection,
    identities: &'a [Identity],
    resolved: &mut Resolved<'a>,
) -> Result<(), StoreError> {
    for chunk in identities.chunks(ROWS_PER_STATEMENT) {
        // The row's number comes back in place of the texts: nothing to copy, nothing to compare.
        let mut query = QueryBuilder::new("WITH wanted (place, kind, value) AS (");
        query.push_values(chunk.iter().enumerate(), |mut row, (place, identity)| {
            row.push_bind(place as i64).push_bind(identity.kind.as_str()).push_bind(&identity.value);
        });
        query.push(
            ") SELECT wanted.place, identities.user_id FROM wanted \
             JOIN identities ON identities.kind = wanted.kind AND identities.value = wanted.value",
        );
        let found: Vec<(i64, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
        for (place, user_id) in found {
            let identity = usize::try_from(place).ok().and_then(|place| chunk.get(place));
            resolved.insert(identity.ok_or_else(|| damaged("place of an identity", place))?, UserId(user_id));
        }
    }
    Ok(())
}

/// Makes `count` users and returns their ids, ascending.
async fn insert_users(connection: &mut SqliteConnection, count: usize) -> Result<Vec<UserId>, StoreError> {
    let now = clock::now().as_micros();
    let mut query = QueryBuilder::new("INSERT INTO users (created_at) ");
    query.push_values(std::iter::repeat_n(now, count), |mut row, now| {
        row.push_bind(now);
    });
    query.push(" RETURNING user_id");
    let mut user_ids: Vec<i64> = query.build_query_scalar().fetch_all(connection).await?;
    user_ids.sort_unstable();
    Ok(user_ids.into_iter().map(UserId).collect())
}

async fn insert_identities(
    connection: &mut SqliteConnection,
    identities: &[&Identity],
    user_ids: &[UserId],
) -> Result<(), StoreError> {
    let mut query = QueryBuilder::new("INSERT INTO identities (kind, value, user_id) ");
    query.push_values(identities.iter().zip(user_ids), |mut row, (identity, user_id)| {
        row.push_bind(identity.kind.as_str()).push_bind(&identity.value).push_bind(user_id.0);
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// Returns whose `clientRefId` that is.
pub(super) async fn holder_of(
    connection: &mut SqliteConnection,
    client_ref_id: &str,
) -> Result<Option<UserId>, StoreError> {
    let user_id: Option<i64> = sqlx::query_scalar("SELECT user_id FROM identities WHERE kind = $1 AND value = $2")
        .bind(IdentityKind::ClientRefId.as_str())
        .bind(client_ref_id)
        .fetch_optional(connection)
        .await?;
    Ok(user_id.map(UserId))
}
