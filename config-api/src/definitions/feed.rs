//! The channel that carries the definitions: moved on by this process at once, by others within a poll.

use std::sync::Arc;
use std::time::Duration;

use schema::Definitions;
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// Hands out the latest definitions; cheap to clone.
#[derive(Clone)]
pub(crate) struct Feed {
    store: Arc<dyn Store>,
    sender: Arc<watch::Sender<Arc<Definitions>>>,
}

impl Feed {
    /// Reads the definitions for the first time.
    pub(crate) async fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let definitions = Arc::new(store.definitions().await?);
        measure(&definitions);
        Ok(Self { store, sender: Arc::new(watch::Sender::new(definitions)) })
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Definitions>> {
        self.sender.subscribe()
    }

    pub(crate) fn definitions(&self) -> Arc<Definitions> {
        self.sender.borrow().clone()
    }

    pub(crate) fn segment_count(&self) -> usize {
        self.sender.borrow().segments.len()
    }

    /// Reads the definitions again and hands them out if they are newer: never an older generation.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let definitions = Arc::new(self.store.definitions().await?);
        self.sender.send_if_modified(|current| {
            let newer = definitions.generation > current.generation;
            if newer {
                measure(&definitions);
                *current = definitions;
            }
            newer
        });
        Ok(())
    }

    async fn refresh_if_newer(&self) -> Result<(), StoreError> {
        let handed_out = self.sender.borrow().generation;
        if self.store.generation().await? > handed_out { self.refresh().await } else { Ok(()) }
    }
}

/// Asks the store again and again whether another process changed a definition.
pub(crate) async fn poll(feed: Feed, every: Duration, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    while !shutdown.is_cancelled() {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        let outcome = feed.refresh_if_newer().await;
        match (&outcome, failing) {
            (Err(error), false) => tracing::warn!(%error, "definitions cannot be read; keeping the last known ones"),
            (Ok(()), true) => tracing::info!("definitions can be read again"),
            _ => {}
        }
        failing = outcome.is_err();
    }
}

fn measure(definitions: &Definitions) {
    metrics::DEFINITIONS_GENERATION.record(definitions.generation.0, &[]);
    metrics::DEFINITIONS_SEGMENTS.record(definitions.segments.len() as u64, &[]);
}
