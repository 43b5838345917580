//! The one task that asks for unknown identities: whatever waits while one call is under way goes
//! into the next.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use schema::{Identity, UserId};
use store::IdentityRemoval;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::cache::IdentityCache;
use super::resolver::{IdentityResolver, ResolveError};
use crate::config::IdentityConfig;
use crate::metrics;

/// What one request waits for.
pub(super) struct Misses {
    pub(super) identities: Vec<Identity>,
    pub(super) reply: oneshot::Sender<Answer>,
}

type Answer = Result<Vec<Option<UserId>>, ResolveError>;

/// Asks for unknown identities and keeps the answers.
pub struct ResolverTask {
    resolver: Arc<dyn IdentityResolver>,
    cache: IdentityCache,
    waiting: mpsc::Receiver<Misses>,
    removals: broadcast::Receiver<IdentityRemoval>,
    max_batch: usize,
    timeout: Duration,
}

impl ResolverTask {
    pub(super) fn new(
        resolver: Arc<dyn IdentityResolver>,
        cache: IdentityCache,
        waiting: mpsc::Receiver<Misses>,
        config: &IdentityConfig,
    ) -> Self {
        let removals = resolver.removals();
        let timeout = Duration::from_millis(config.resolve_timeout_ms);
        Self { resolver, cache, waiting, removals, max_batch: config.max_batch, timeout }
    }

    /// Works until nobody can ask any more, or until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut removals_end = false;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                removed = self.removals.recv(), if !removals_end => removals_end = self.forget(removed),
                first = self.waiting.recv() => match first {
                    Some(first) => self.serve(first).await,
                    None => return,
                },
            }
        }
    }

    /// Returns whether there will be no further removals.
    fn forget(&mut self, removed: Result<IdentityRemoval, RecvError>) -> bool {
        match removed {
            Ok(IdentityRemoval::OfUser(user_id)) => self.cache.forget_user(user_id),
            Ok(IdentityRemoval::Unheard) | Err(RecvError::Lagged(_)) => self.cache.forget_all(),
            Err(RecvError::Closed) => return true,
        }
        false
    }

    async fn serve(&mut self, first: Misses) {
        let requests = self.gather(first);
        let known = self.resolve_all(&requests).await;
        if let Err(error) = &known {
            tracing::warn!(%error, requests = requests.len(), "unknown identities could not be resolved");
        }
        for request in requests {
            // A request whose client went away is nobody's loss.
            let _ = request.reply.send(answer(&known, &request.identities));
        }
    }

    /// Takes what waits already, as far as it fits into one call.
    fn gather(&mut self, first: Misses) -> Vec<Misses> {
        let mut count = first.identities.len();
        let mut requests = vec![first];
        while count < self.max_batch {
            let Ok(next) = self.waiting.try_recv() else { break };
            count += next.identities.len();
            requests.push(next);
        }
        requests
    }

    async fn resolve_all(&mut self, requests: &[Misses]) -> Result<HashMap<Identity, Option<UserId>>, ResolveError> {
        let mut known: HashMap<Identity, Option<UserId>> = HashMap::new();
        // In the order of arrival, so that user ids ascend in it.
        let mut missing = Vec::new();
        for identity in requests.iter().flat_map(|request| &request.identities) {
            if known.contains_key(identity) {
                continue;
            }
            // Another request may have brought it since this one missed.
            let cached = self.cache.get(identity);
            if cached.is_none() {
                missing.push(identity.clone());
            }
            known.insert(identity.clone(), cached);
        }
        for batch in missing.chunks(self.max_batch) {
            let users = self.call(batch).await?;
            for (identity, user_id) in batch.iter().zip(users) {
                known.insert(identity.clone(), user_id);
                user_id.into_iter().for_each(|user_id| self.cache.insert(identity.clone(), user_id));
            }
        }
        Ok(known)
    }

    async fn call(&self, identities: &[Identity]) -> Answer {
        let started = Instant::now();
        let answered = tokio::time::timeout(self.timeout, self.resolver.resolve(identities)).await;
        metrics::resolved(started.elapsed());
        let users = match answered {
            Ok(answered) => answered?,
            Err(_) => return Err(ResolveError::Unavailable("it did not answer in time".to_owned())),
        };
        if users.len() != identities.len() {
            return Err(ResolveError::Failed(format!("{} answers for {}", users.len(), identities.len())));
        }
        Ok(users)
    }
}

fn answer(known: &Result<HashMap<Identity, Option<UserId>>, ResolveError>, identities: &[Identity]) -> Answer {
    match known {
        Ok(known) => Ok(identities.iter().map(|identity| known.get(identity).copied().flatten()).collect()),
        Err(error) => Err(error.clone()),
    }
}
