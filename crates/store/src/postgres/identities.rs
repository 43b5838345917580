//! Identities → users, thousands at a time: a batch is one or two statements, whoever else makes the same.
//!
//! The identity's key decides who made it first: all batches insert theirs in the order of the keys
//! and pass over what is there, so that two batches wait for each other in one direction only. Ids
//! that the loser drew are never given to anybody; the users are made for the winners alone.

use std::collections::{HashMap, HashSet};

use schema::{Identity, IdentityKind, UserId};

use super::{Connection, PostgresStore};
use crate::sql_error::damaged;
use crate::{StoreError, clock};

/// Rows per statement: its memory, and how long others wait for its keys.
const ROWS_PER_STATEMENT: usize = 5_000;
/// How often what another batch was about to make may be gone again when we look (its user was erased).
const ATTEMPTS: usize = 5;

const FIND: &str = "SELECT w.place, i.user_id FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS w (kind, value, place) \
     JOIN identities i ON i.kind = w.kind AND i.value = w.value";

const CREATE: &str = "WITH wanted AS MATERIALIZED (\
         SELECT kind, value, nextval(pg_get_serial_sequence('users', 'user_id')) AS user_id \
         FROM UNNEST($1::text[], $2::text[]) AS w (kind, value)), \
     made AS (\
         INSERT INTO identities (kind, value, user_id) \
         SELECT kind, value, user_id FROM wanted ORDER BY kind COLLATE \"C\", value COLLATE \"C\" \
         ON CONFLICT (kind, value) DO NOTHING RETURNING kind, value, user_id), \
     users_made AS (INSERT INTO users (user_id, created_at) SELECT user_id, $3 FROM made) \
     SELECT kind, value, user_id FROM made";

type Resolved<'a> = HashMap<&'a Identity, UserId>;

impl PostgresStore {
    pub(super) async fn resolve(
        &self,
        identities: &[Identity],
        create: bool,
    ) -> Result<Vec<Option<UserId>>, StoreError> {
        let mut resolved = Resolved::with_capacity(identities.len());
        let mut missing = Vec::from_iter(identities);
        for _ in 0..ATTEMPTS {
            self.find(&missing, &mut resolved).await?;
            missing = unknown(identities, &resolved);
            if missing.is_empty() || !create {
                return Ok(identities.iter().map(|identity| resolved.get(identity).copied()).collect());
            }
            self.create(&missing, &mut resolved).await?;
            missing = unknown(identities, &resolved);
        }
        Err(StoreError::Unavailable(format!("{} identities come and go", missing.len())))
    }

    async fn find<'a>(&self, identities: &[&'a Identity], resolved: &mut Resolved<'a>) -> Result<(), StoreError> {
        for chunk in identities.chunks(ROWS_PER_STATEMENT) {
            let (kinds, values) = columns(chunk);
            let found: Vec<(i64, i64)> =
                sqlx::query_as(FIND).bind(kinds).bind(values).fetch_all(self.readers()).await?;
            for (place, user_id) in found {
                // Places are counted from 1.
                let identity = usize::try_from(place - 1).ok().and_then(|place| chunk.get(place));
                resolved.insert(identity.ok_or_else(|| damaged("place of an identity", place))?, UserId(user_id));
            }
        }
        Ok(())
    }

    /// Makes those that are still unknown and notes their users; what others make meanwhile is left out.
    async fn create<'a>(&self, identities: &[&'a Identity], resolved: &mut Resolved<'a>) -> Result<(), StoreError> {
        for chunk in identities.chunks(ROWS_PER_STATEMENT) {
            let mut transaction = self.begin_durable().await?;
            let connection = transaction.connection();
            let (kinds, values) = columns(chunk);
            let now = clock::now().as_micros();
            let made: Vec<(String, String, i64)> =
                sqlx::query_as(CREATE).bind(kinds).bind(values).bind(now).fetch_all(connection).await?;
            transaction.commit().await?;
            note(made, chunk, resolved);
        }
        Ok(())
    }
}

/// Returns the identities that are not resolved, each once, in order.
fn unknown<'a>(identities: &'a [Identity], resolved: &Resolved<'_>) -> Vec<&'a Identity> {
    let mut seen = HashSet::new();
    identities.iter().filter(|identity| !resolved.contains_key(identity) && seen.insert(*identity)).collect()
}

fn columns<'a>(identities: &[&'a Identity]) -> (Vec<&'static str>, Vec<&'a str>) {
    identities.iter().map(|identity| (identity.kind.as_str(), identity.value.as_str())).unzip()
}

/// Takes the identities that were made, in any order.
fn note<'a>(made: Vec<(String, String, i64)>, chunk: &[&'a Identity], resolved: &mut Resolved<'a>) {
    let made: HashMap<(&str, &str), i64> =
        made.iter().map(|(kind, value, user_id)| ((kind.as_str(), value.as_str()), *user_id)).collect();
    for identity in chunk {
        if let Some(user_id) = made.get(&(identity.kind.as_str(), identity.value.as_str())) {
            resolved.insert(identity, UserId(*user_id));
        }
    }
}

/// Returns whose `clientRefId` that is.
pub(super) async fn holder_of(connection: &mut Connection, client_ref_id: &str) -> Result<Option<UserId>, StoreError> {
    if client_ref_id.contains('\0') {
        return Ok(None); // No text here holds it, and the server refuses to look for it.
    }
    let user_id: Option<i64> = sqlx::query_scalar("SELECT user_id FROM identities WHERE kind = $1 AND value = $2")
        .bind(IdentityKind::ClientRefId.as_str())
        .bind(client_ref_id)
        .fetch_optional(connection)
        .await?;
    Ok(user_id.map(UserId))
}
