//! Where identities are really resolved: the store now, config-api in the distributed form.

use std::sync::Arc;

use async_trait::async_trait;
use schema::{Identity, UserId};
use store::IdentityRemoval;
use tokio::sync::broadcast;

use crate::config::UnknownUsers;

/// Why identities could not be resolved; nothing was created.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// It may work later.
    #[error("resolving identities: {0}")]
    Unavailable(String),
    /// It will not work later either.
    #[error("resolving identities: {0}")]
    Failed(String),
}

/// Resolves identities, in batches.
#[async_trait]
pub trait IdentityResolver: Send + Sync + 'static {
    /// Returns, in order, the user of each; `None` where there is none and none may be made.
    async fn resolve(&self, identities: &[Identity]) -> Result<Vec<Option<UserId>>, ResolveError>;

    /// Tells of every user that lost an identity, after the fact.
    fn removals(&self) -> broadcast::Receiver<IdentityRemoval>;
}

/// Resolves identities in the store of this process.
pub struct StoreResolver {
    store: Arc<dyn store::Store>,
    unknown_users: UnknownUsers,
}

impl StoreResolver {
    /// Makes a resolver; `unknown_users` says whether an unknown identity makes a user.
    pub fn new(store: Arc<dyn store::Store>, unknown_users: UnknownUsers) -> Self {
        Self { store, unknown_users }
    }
}

#[async_trait]
impl IdentityResolver for StoreResolver {
    async fn resolve(&self, identities: &[Identity]) -> Result<Vec<Option<UserId>>, ResolveError> {
        let create = self.unknown_users == UnknownUsers::Create;
        self.store.resolve_identities(identities, create).await.map_err(|error| match error {
            error if error.retryable() => ResolveError::Unavailable(error.to_string()),
            error => ResolveError::Failed(error.to_string()),
        })
    }

    fn removals(&self) -> broadcast::Receiver<IdentityRemoval> {
        self.store.identities_removed()
    }
}
