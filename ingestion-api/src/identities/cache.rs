//! What is remembered of identities: bounded in number, and in time.

use std::time::Duration;

use moka::sync::Cache;
use schema::{Identity, UserId};

use crate::config::IdentityConfig;

/// Known identities. Unknown ones are not remembered: with `UNKNOWN_USERS=reject` a user may be
/// created the next moment, and its events must not be refused for it.
#[derive(Clone)]
pub(super) struct IdentityCache(Cache<Identity, UserId>);

impl IdentityCache {
    pub(super) fn new(config: &IdentityConfig) -> Self {
        let cache = Cache::builder()
            .max_capacity(config.cache_entries)
            .time_to_live(Duration::from_secs(config.cache_ttl_seconds))
            .support_invalidation_closures()
            .build();
        Self(cache)
    }

    pub(super) fn get(&self, identity: &Identity) -> Option<UserId> {
        self.0.get(identity)
    }

    pub(super) fn insert(&self, identity: Identity, user_id: UserId) {
        self.0.insert(identity, user_id);
    }

    pub(super) fn forget_user(&self, user_id: UserId) {
        if self.0.invalidate_entries_if(move |_, cached| *cached == user_id).is_err() {
            self.forget_all();
        }
    }

    pub(super) fn forget_all(&self) {
        self.0.invalidate_all();
    }
}
