//! Users and the identities that resolve to them; erasing a user, which must also reach the log.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schema::{Identity, LogPosition, Offset, PartitionId, Timestamp, UserId};
use tokio::sync::broadcast;

use crate::StoreError;

/// What a client says of a user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserProfile {
    /// For people.
    pub name: Option<String>,
    /// For people; not an identity.
    pub email: Option<String>,
    /// The customer's own id of the user: an identity, at most one per user.
    pub client_ref_id: Option<String>,
}

/// A user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// Positive, ascending, never used again.
    pub user_id: UserId,
    /// What is known of it.
    pub profile: UserProfile,
    /// When it was first seen.
    pub created_at: Timestamp,
}

/// The erasure of a user, as the outbox keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserErasure {
    /// Who is erased.
    pub user_id: UserId,
    /// When that was accepted; identities and profile are gone since.
    pub requested_at: Timestamp,
    /// Where the deletion stands in the log and when that was noted; `None` while it must still be appended.
    pub recorded: Option<(LogPosition, Timestamp)>,
}

/// What caches of identities must forget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdentityRemoval {
    /// Everything they hold for this user: it was erased, or got another `clientRefId`.
    OfUser(UserId),
    /// Everything: what other processes removed may have gone unheard.
    Unheard,
}

/// Users and identities.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Returns, in the order of `identities`, which user each belongs to, in one transaction.
    ///
    /// With `create`, an unknown one makes a user (equal ones make one), durable when this returns,
    /// and no `None` is among the results. Meant for batches: thousands in one call.
    async fn resolve_identities(
        &self,
        identities: &[Identity],
        create: bool,
    ) -> Result<Vec<Option<UserId>>, StoreError>;

    /// Tells of every user that lost an identity, after the commit, by whichever process made it.
    ///
    /// A receiver that lagged must forget everything.
    fn identities_removed(&self) -> broadcast::Receiver<IdentityRemoval>;

    /// Makes a user. Conflict: client_ref_id.
    async fn create_user(&self, profile: &UserProfile) -> Result<User, StoreError>;

    /// Replaces what is known of a user. Conflict: client_ref_id.
    async fn update_user(&self, user_id: UserId, profile: &UserProfile) -> Result<Option<User>, StoreError>;

    /// Returns a user that is not erased.
    async fn user(&self, user_id: UserId) -> Result<Option<User>, StoreError>;

    /// Returns the user of that `clientRefId`.
    async fn user_by_client_ref_id(&self, client_ref_id: &str) -> Result<Option<User>, StoreError>;

    /// Returns at most `limit` users after `after`, ascending by id.
    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError>;

    /// Returns the greatest id among the users that there are or were: of an id beyond it, nothing is known here.
    async fn greatest_user_id(&self) -> Result<Option<UserId>, StoreError>;

    /// Erases a user here: identities and profile are gone, and the outbox holds the erasure.
    ///
    /// The caller appends the deletion to the log and then calls [`UserStore::record_erasure`].
    /// Asked again, it returns the same erasure. `None`: there never was such a user.
    async fn erase_user(&self, user_id: UserId) -> Result<Option<UserErasure>, StoreError>;

    /// Notes where the deletion stands in the log; the first position given stays.
    async fn record_erasure(&self, user_id: UserId, position: LogPosition) -> Result<Option<UserErasure>, StoreError>;

    /// Returns at most `limit` erasures that must still be appended, ascending by user: after a crash
    /// they are appended again, which the log's readers take as one.
    async fn pending_erasures(&self, limit: u32) -> Result<Vec<UserErasure>, StoreError>;

    /// Returns how many users were ever erased: the log never has deletions of more.
    async fn count_erasures(&self) -> Result<u64, StoreError>;

    /// Returns where in each partition of the log the last of the deletions lies that were noted: the log
    /// goes further than that.
    async fn last_recorded_erasures(&self) -> Result<BTreeMap<PartitionId, Offset>, StoreError>;
}
