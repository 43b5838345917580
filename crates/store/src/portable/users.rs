//! Users as rows.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schema::{Identity, IdentityKind, LogPosition, Offset, PartitionId, Timestamp, UserId};
use tokio::sync::broadcast;

use super::identities::holder_of;
use super::{Backend, Connection, erasures, user_rows};
use crate::{ConflictField, IdentityRemoval, StoreError, User, UserErasure, UserProfile, UserStore, clock};

#[async_trait]
impl UserStore for Backend {
    async fn resolve_identities(
        &self,
        identities: &[Identity],
        create: bool,
    ) -> Result<Vec<Option<UserId>>, StoreError> {
        self.resolve(identities, create).await
    }

    fn identities_removed(&self) -> broadcast::Receiver<IdentityRemoval> {
        self.removals().subscribe()
    }

    async fn create_user(&self, profile: &UserProfile) -> Result<User, StoreError> {
        let mut transaction = self.begin_durable().await?;
        let now = clock::now();
        let user_id = insert_user(transaction.connection(), profile, now).await?;
        insert_client_ref_id(transaction.connection(), user_id, profile).await?;
        transaction.commit().await?;
        Ok(User { user_id, profile: profile.clone(), created_at: now })
    }

    async fn update_user(&self, user_id: UserId, profile: &UserProfile) -> Result<Option<User>, StoreError> {
        let mut transaction = self.begin_user_change().await?;
        let connection = transaction.connection();
        let Some(current) = user_rows::select(connection, user_id).await? else { return Ok(None) };
        update_row(connection, user_id, profile).await?;
        let renamed = current.profile.client_ref_id != profile.client_ref_id;
        if renamed {
            delete_client_ref_id(connection, user_id).await?;
            insert_client_ref_id(connection, user_id, profile).await?;
        }
        if renamed && current.profile.client_ref_id.is_some() {
            self.commit_removal(transaction, user_id).await?;
        } else {
            transaction.commit().await?;
        }
        Ok(Some(User { profile: profile.clone(), ..current }))
    }

    async fn user(&self, user_id: UserId) -> Result<Option<User>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        user_rows::select(&mut reader, user_id).await
    }

    async fn user_by_client_ref_id(&self, client_ref_id: &str) -> Result<Option<User>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        let Some(user_id) = holder_of(&mut reader, client_ref_id).await? else { return Ok(None) };
        user_rows::select(&mut reader, user_id).await
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        self.select_users(after, limit).await
    }

    async fn greatest_user_id(&self) -> Result<Option<UserId>, StoreError> {
        self.select_greatest_user_id().await
    }

    async fn erase_user(&self, user_id: UserId) -> Result<Option<UserErasure>, StoreError> {
        let mut transaction = self.begin_user_change().await?;
        let connection = transaction.connection();
        if let Some(erasure) = erasures::select(connection, user_id).await? {
            return Ok(Some(erasure));
        }
        let erasure = UserErasure { user_id, requested_at: clock::now(), recorded: None };
        if !erasures::delete_user(connection, user_id).await? {
            return Ok(None);
        }
        erasures::insert(connection, &erasure).await?;
        self.commit_removal(transaction, user_id).await?;
        Ok(Some(erasure))
    }

    async fn record_erasure(&self, user_id: UserId, position: LogPosition) -> Result<Option<UserErasure>, StoreError> {
        let mut transaction = self.begin_durable().await?;
        erasures::set_recorded(transaction.connection(), user_id, position, clock::now()).await?;
        let erasure = erasures::select(transaction.connection(), user_id).await?;
        transaction.commit().await?;
        Ok(erasure)
    }

    async fn pending_erasures(&self, limit: u32) -> Result<Vec<UserErasure>, StoreError> {
        self.select_pending_erasures(limit).await
    }

    async fn count_erasures(&self) -> Result<u64, StoreError> {
        self.select_number_of_erasures().await
    }

    async fn last_recorded_erasures(&self) -> Result<BTreeMap<PartitionId, Offset>, StoreError> {
        self.select_last_recorded_erasures().await
    }
}

async fn insert_user(connection: &mut Connection, profile: &UserProfile, now: Timestamp) -> Result<UserId, StoreError> {
    let user_id =
        sqlx::query_scalar("INSERT INTO users (name, email, created_at) VALUES ($1, $2, $3) RETURNING user_id")
            .bind(&profile.name)
            .bind(&profile.email)
            .bind(now.as_micros())
            .fetch_one(connection)
            .await?;
    Ok(UserId(user_id))
}

async fn update_row(connection: &mut Connection, user_id: UserId, profile: &UserProfile) -> Result<(), StoreError> {
    sqlx::query("UPDATE users SET name = $1, email = $2 WHERE user_id = $3")
        .bind(&profile.name)
        .bind(&profile.email)
        .bind(user_id.0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn delete_client_ref_id(connection: &mut Connection, user_id: UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM identities WHERE user_id = $1 AND kind = $2")
        .bind(user_id.0)
        .bind(IdentityKind::ClientRefId.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_client_ref_id(
    connection: &mut Connection,
    user_id: UserId,
    profile: &UserProfile,
) -> Result<(), StoreError> {
    let Some(client_ref_id) = &profile.client_ref_id else { return Ok(()) };
    if holder_of(connection, client_ref_id).await?.is_some() {
        return Err(StoreError::Conflict(ConflictField::ClientRefId));
    }
    sqlx::query("INSERT INTO identities (kind, value, user_id) VALUES ($1, $2, $3)")
        .bind(IdentityKind::ClientRefId.as_str())
        .bind(client_ref_id)
        .bind(user_id.0)
        .execute(connection)
        .await?;
    Ok(())
}
