//! The log and the resolver, with faults that a test switches on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use bus::embedded::EmbeddedLog;
use bus::meddled::Meddler;
use bus::{BusError, EventLog as _, NewRecord};
use ingestion_api::identities::{IdentityResolver, ResolveError, StoreResolver};
use schema::{ErrorRecord, Identity, LogPosition, UserId};
use tokio::sync::{Notify, broadcast};

/// What the log does with appends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Appends {
    Pass,
    Full,
    Unavailable,
    Damaged,
    /// They wait until the test calls `release`.
    Wait,
}

/// Makes appends fail or wait.
pub(crate) struct Faults {
    appends: Mutex<Appends>,
    pub(crate) waiting: Notify,
    released: Notify,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self { appends: Mutex::new(Appends::Pass), waiting: Notify::new(), released: Notify::new() }
    }

    pub(crate) fn set(&self, appends: Appends) {
        *self.appends.lock().unwrap() = appends;
    }

    pub(crate) fn release(&self) {
        self.set(Appends::Pass);
        self.released.notify_one();
    }

    async fn obey(&self) -> Result<(), BusError> {
        let appends = *self.appends.lock().unwrap();
        match appends {
            Appends::Pass => Ok(()),
            Appends::Full => Err(BusError::Full),
            Appends::Unavailable => Err(BusError::Unavailable("away".to_owned())),
            Appends::Damaged => Err(BusError::Damaged("the secret is hunter2".to_owned())),
            Appends::Wait => {
                self.waiting.notify_one();
                self.released.notified().await;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Meddler for Faults {
    fn check_room(&self, _: &EmbeddedLog) -> Result<(), BusError> {
        match *self.appends.lock().unwrap() {
            Appends::Full => Err(BusError::Full),
            _ => Ok(()),
        }
    }

    async fn append(&self, log: &EmbeddedLog, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        self.obey().await?;
        log.append(records).await
    }

    async fn append_errors(&self, log: &EmbeddedLog, errors: Vec<ErrorRecord>) -> Result<(), BusError> {
        self.obey().await?;
        log.append_errors(errors).await
    }
}

/// The store's resolver, which a test can send away, and which counts what it is asked.
pub(crate) struct FakeResolver {
    inner: StoreResolver,
    pub(crate) away: AtomicBool,
    pub(crate) calls: AtomicUsize,
    pub(crate) identities: AtomicUsize,
}

impl FakeResolver {
    pub(crate) fn over(inner: StoreResolver) -> Self {
        Self { inner, away: AtomicBool::new(false), calls: AtomicUsize::new(0), identities: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl IdentityResolver for FakeResolver {
    async fn resolve(&self, identities: &[Identity]) -> Result<Vec<Option<UserId>>, ResolveError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.identities.fetch_add(identities.len(), Ordering::Relaxed);
        if self.away.load(Ordering::Relaxed) {
            return Err(ResolveError::Unavailable("away".to_owned()));
        }
        self.inner.resolve(identities).await
    }

    fn removals(&self) -> broadcast::Receiver<store::IdentityRemoval> {
        self.inner.removals()
    }
}
