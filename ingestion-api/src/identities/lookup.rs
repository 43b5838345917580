//! What requests see: identities in, resolutions out, whether the store is there or not.

use std::sync::Arc;

use schema::{Identity, UserId};
use tokio::sync::{mpsc, oneshot};

use super::cache::IdentityCache;
use super::resolver::{IdentityResolver, ResolveError};
use super::task::{Misses, ResolverTask};
use crate::config::IdentityConfig;
use crate::metrics;

/// What became of one identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// It belongs to that user.
    User(UserId),
    /// It belongs to nobody, and users are not made here.
    Nobody,
    /// The store is away, or too busy to ask.
    Unavailable,
    /// The store answered with something that trying again will not change.
    Failed,
}

/// Resolves identities for requests; cheap to clone.
#[derive(Clone)]
pub struct Identities {
    cache: IdentityCache,
    misses: mpsc::Sender<Misses>,
}

impl Identities {
    /// Returns it with the task that asks `resolver`, which must run for as long as it is used.
    pub fn new(resolver: Arc<dyn IdentityResolver>, config: &IdentityConfig) -> (Self, ResolverTask) {
        let cache = IdentityCache::new(config);
        let (misses, waiting) = mpsc::channel(config.max_waiting_requests);
        let task = ResolverTask::new(resolver, cache.clone(), waiting, config);
        (Self { cache, misses }, task)
    }

    /// Returns what became of each identity, in order.
    pub async fn resolve<'a>(&self, identities: impl Iterator<Item = &'a Identity>) -> Vec<Resolution> {
        let mut missing = Vec::new();
        let mut resolutions = Vec::with_capacity(identities.size_hint().0);
        for identity in identities {
            let cached = self.cache.get(identity);
            if cached.is_none() {
                missing.push((resolutions.len(), identity.clone()));
            }
            resolutions.push(cached.map_or(Resolution::Unavailable, Resolution::User));
        }
        metrics::identities_looked_up(resolutions.len() - missing.len(), missing.len());
        if !missing.is_empty() {
            self.fill(&mut resolutions, missing).await;
        }
        resolutions
    }

    async fn fill(&self, resolutions: &mut [Resolution], missing: Vec<(usize, Identity)>) {
        let (places, identities): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let answers = self.ask(identities).await;
        for (index, place) in places.into_iter().enumerate() {
            resolutions[place] = match &answers {
                Ok(users) => users.get(index).copied().flatten().map_or(Resolution::Nobody, Resolution::User),
                Err(ResolveError::Unavailable(_)) => Resolution::Unavailable,
                Err(ResolveError::Failed(_)) => Resolution::Failed,
            };
        }
    }

    async fn ask(&self, identities: Vec<Identity>) -> Result<Vec<Option<UserId>>, ResolveError> {
        let (reply, answer) = oneshot::channel();
        let unavailable = |reason: &str| ResolveError::Unavailable(reason.to_owned());
        self.misses.try_send(Misses { identities, reply }).map_err(|_| unavailable("too many requests wait for it"))?;
        answer.await.unwrap_or_else(|_| Err(unavailable("stopping")))
    }
}
