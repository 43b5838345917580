//! Which partitions this process owns: one task takes them, each has a task of its own.
//!
//! A partition that is revoked is drained before the next change of ownership is asked for. An
//! owner that was fenced is dropped; one that found damage stops all the others, and the process.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use bus::{BusError, Ownership, OwnershipChange, PartitionOwner};
use futures::stream::{self, Stream, StreamExt};
use schema::PartitionId;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::catalogs::CatalogFeed;
use crate::owner::{self, OwnerEnd};
use crate::shared::Shared;

/// How long to wait before asking again for changes of ownership after the log did not answer.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// For how long no partition may have come before it is taken that all are here: they are handed out
/// one by one, each after a write of the log.
const SETTLED_AFTER: Duration = Duration::from_millis(100);

/// For how long there must have been no partition for this process before it is taken that others keep them all: whoever
/// joins gets none at first, until the others have given some up.
const IDLE_AFTER: Duration = Duration::from_secs(3);

/// Owns what there is to own, until `stop` or until the log is closed.
pub(crate) async fn own(
    ownership: Box<dyn Ownership>,
    shared: Arc<Shared>,
    catalogs: CatalogFeed,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut changes = std::pin::pin!(changes_of(ownership));
    let mut owned = Owned { shared, catalogs, stop: stop.child_token(), stops: HashMap::new(), tasks: JoinSet::new() };
    let mut settled = std::pin::pin!(tokio::time::sleep(SETTLED_AFTER));
    let mut idle_at = None;
    let outcome = loop {
        let outcome = tokio::select! {
            biased;
            () = stop.cancelled() => break Ok(()),
            Some(ended) = owned.tasks.join_next() => owned.note_end(ended),
            () = settled.as_mut(), if !owned.shared.board.settled() => {
                owned.shared.board.settle();
                Ok(())
            }
            () = until(idle_at) => {
                idle_at = None;
                owned.shared.board.idle();
                Ok(())
            }
            change = changes.next() => match change {
                Some(Ok(OwnershipChange::Assigned(log))) => {
                    idle_at = None;
                    settled.as_mut().reset(Instant::now() + SETTLED_AFTER);
                    owned.assign(log).await
                }
                Some(Ok(OwnershipChange::Revoked(partition))) => owned.revoke(partition).await,
                Some(Ok(OwnershipChange::Idle)) => {
                    idle_at = Some(Instant::now() + IDLE_AFTER);
                    Ok(())
                }
                Some(Err(error)) => Err(anyhow::Error::new(error).context("taking partitions")),
                None => break Ok(()),
            },
        };
        if outcome.is_err() {
            break outcome;
        }
    };
    // The first trouble is the cause of what follows.
    let drained = owned.drain().await;
    outcome.and(drained)
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// Turns ownership into a stream: a wait that is given up goes on where it was.
fn changes_of(ownership: Box<dyn Ownership>) -> impl Stream<Item = Result<OwnershipChange, BusError>> {
    stream::unfold(Some(ownership), async |ownership| {
        let mut ownership = ownership?;
        let mut logged = false;
        loop {
            match ownership.next().await {
                Ok(Some(change)) => return Some((Ok(change), Some(ownership))),
                Ok(None) => return None,
                Err(error) if error.retryable() => {
                    if !std::mem::replace(&mut logged, true) {
                        tracing::warn!(%error, "waiting for the log to hand out partitions");
                    }
                    tokio::time::sleep(ASK_AGAIN).await;
                }
                Err(error) => return Some((Err(error), None)),
            }
        }
    })
}

struct Owned {
    shared: Arc<Shared>,
    catalogs: CatalogFeed,
    stop: CancellationToken,
    stops: HashMap<PartitionId, CancellationToken>,
    tasks: JoinSet<(PartitionId, Result<(), OwnerEnd>)>,
}

impl Owned {
    async fn assign(&mut self, log: Box<dyn PartitionOwner>) -> anyhow::Result<()> {
        let partition = log.partition();
        self.revoke(partition).await?;
        self.shared.board.assign(partition);
        let stop = self.stop.child_token();
        self.stops.insert(partition, stop.clone());
        let (shared, catalogs) = (Arc::clone(&self.shared), self.catalogs.clone());
        self.tasks.spawn(async move {
            let ended = match owner::restore(log, shared, catalogs, stop).await {
                Ok(owner) => owner.run().await,
                Err(end) => Err(end),
            };
            (partition, ended)
        });
        Ok(())
    }

    /// Stops the owner of a partition, if there is one, and waits until it has committed and gone.
    async fn revoke(&mut self, partition: PartitionId) -> anyhow::Result<()> {
        if let Some(stop) = self.stops.get(&partition) {
            stop.cancel();
        }
        while self.stops.contains_key(&partition) {
            let Some(ended) = self.tasks.join_next().await else { break };
            self.note_end(ended)?;
        }
        Ok(())
    }

    /// Takes note of an owner that ended.
    fn note_end(&mut self, ended: Result<(PartitionId, Result<(), OwnerEnd>), JoinError>) -> anyhow::Result<()> {
        let (partition, ended) = ended.map_err(|error| anyhow!(error).context("running the owner of a partition"))?;
        self.stops.remove(&partition);
        self.shared.board.remove(partition);
        match ended {
            Ok(()) | Err(OwnerEnd::Stopped) => Ok(()),
            Err(OwnerEnd::Fenced) => {
                self.shared.metrics.fenced();
                tracing::warn!(log.partition = partition.0, "someone else owns the partition now; dropping it");
                Ok(())
            }
            Err(OwnerEnd::Damaged(error)) => {
                tracing::error!(
                    log.partition = partition.0,
                    error = format!("{error:#}"),
                    "the partition is damaged; stopping"
                );
                Err(error.context(format!("owning partition {partition}")))
            }
        }
    }

    /// Stops every owner and waits for all of them; returns the first trouble.
    async fn drain(&mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            outcome = outcome.and(self.note_end(ended));
        }
        outcome
    }
}
