//! What the writing thread tells everyone else: how far things are, and whether the log still works.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use fjall::Snapshot;
use schema::{Offset, PartitionId, PartitionStatus, Topic};
use tokio::sync::watch;

use super::keyspaces::{Keyspaces, TOPICS, topic_number};
use super::lane::Lane;
use crate::BusError;

/// Whether the log still works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Health {
    /// It does.
    Open,
    /// It was closed.
    Closed,
    /// A write or a sync failed. What is on disk is unknown until a restart reads it, so nothing more
    /// is accepted: a sync that is repeated after a failure may succeed without having written.
    Failed(String),
}

/// What the writing thread shares with callers.
pub(super) struct Shared {
    pub(super) partitions: u16,
    pub(super) keyspaces: Keyspaces,
    health: watch::Sender<Health>,
    lanes: Vec<Lane>,
    /// The end of `events` before it is synced; only owners of partitions look so far.
    written: Vec<watch::Sender<Offset>>,
    /// Everything that is durable, as a whole.
    durable: RwLock<Snapshot>,
    /// By partition: the first event that the warehouse does not hold.
    writer_floors: Vec<AtomicU64>,
    /// How many readers need everything that is there to stay.
    trim_holds: Arc<AtomicUsize>,
    epochs: AtomicU64,
    statuses: Mutex<BTreeMap<PartitionId, PartitionStatus>>,
    /// How the journal was persisted, each time: a kill leaves the system's cache as it is, so only
    /// this shows that an answer came after a sync.
    #[cfg(test)]
    pub(super) persisted: Mutex<Vec<fjall::PersistMode>>,
}

impl Shared {
    /// Finds where every partition of every topic begins and ends.
    pub(super) fn new(keyspaces: Keyspaces, partitions: u16) -> Result<Self, BusError> {
        let mut lanes = Vec::with_capacity(TOPICS.len() * usize::from(partitions));
        for topic in TOPICS {
            for partition in (0..partitions).map(PartitionId) {
                lanes.push(Lane::new(keyspaces.begin(topic, partition)?, keyspaces.end(topic, partition)?));
            }
        }
        let written = lanes[..usize::from(partitions)].iter().map(|events| watch::Sender::new(events.end())).collect();
        Ok(Self {
            durable: RwLock::new(keyspaces.database.snapshot()),
            health: watch::Sender::new(Health::Open),
            writer_floors: (0..partitions).map(|_| AtomicU64::new(0)).collect(),
            trim_holds: Arc::default(),
            epochs: AtomicU64::new(1),
            statuses: Mutex::default(),
            #[cfg(test)]
            persisted: Mutex::default(),
            partitions,
            keyspaces,
            lanes,
            written,
        })
    }

    /// Returns how far a partition of a topic is, or says that there is no such partition.
    pub(super) fn lane(&self, topic: Topic, partition: PartitionId) -> Result<&Lane, BusError> {
        self.check_partition(partition)?;
        Ok(&self.lanes[topic_number(topic) * usize::from(self.partitions) + usize::from(partition.0)])
    }

    /// Returns where the end of `events` before it is synced is told.
    pub(super) fn written(&self, partition: PartitionId) -> Result<&watch::Sender<Offset>, BusError> {
        self.check_partition(partition)?;
        Ok(&self.written[usize::from(partition.0)])
    }

    /// Returns where the first event is told that the warehouse does not hold.
    pub(super) fn writer_floor(&self, partition: PartitionId) -> Result<&AtomicU64, BusError> {
        self.check_partition(partition)?;
        Ok(&self.writer_floors[usize::from(partition.0)])
    }

    /// Returns how many readers need everything that is there to stay.
    pub(super) fn trim_holds(&self) -> &Arc<AtomicUsize> {
        &self.trim_holds
    }

    /// Returns everything that is durable, as a whole.
    pub(super) fn durable(&self) -> Snapshot {
        self.durable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets readers see everything that was written up to now; the caller has synced it.
    pub(super) fn make_durable(&self) {
        *self.durable.write().unwrap_or_else(PoisonError::into_inner) = self.keyspaces.database.snapshot();
    }

    /// Notes that the journal was persisted, after as long as a slow disk takes: an answer that does
    /// not wait for it comes before the note.
    #[cfg(test)]
    pub(super) fn note_persisted(&self, mode: fjall::PersistMode) {
        std::thread::sleep(std::time::Duration::from_millis(5));
        self.persisted.lock().unwrap_or_else(PoisonError::into_inner).push(mode);
    }

    /// Returns a number that no owner had before.
    pub(super) fn next_epoch(&self) -> u64 {
        self.epochs.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns an error unless the log still works.
    pub(super) fn check_health(&self) -> Result<(), BusError> {
        self.health.borrow().check()
    }

    /// Refuses everything from now on, because a write or a sync failed.
    pub(super) fn fail(&self, error: &BusError) {
        if self.leave_open(Health::Failed(error.to_string())) {
            tracing::error!(%error, "the log takes no more writes until a restart");
        }
    }

    /// Refuses everything from now on, because nobody needs the log any more.
    pub(super) fn close(&self) {
        self.leave_open(Health::Closed);
    }

    /// Returns whether the log ended because it was closed.
    pub(super) fn is_closed(&self) -> bool {
        *self.health.borrow() == Health::Closed
    }

    /// Waits until the log no longer works, and says why.
    pub(super) async fn ended(&self) -> BusError {
        let mut health = self.health.subscribe();
        let ended = health.wait_for(|health| *health != Health::Open).await;
        let checked = ended.map_or(Ok(()), |health| health.check());
        checked.err().unwrap_or_else(|| BusError::Unavailable("closed".to_owned()))
    }

    /// Remembers what the owner of a partition says of itself.
    pub(super) fn report(&self, status: PartitionStatus) {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner).insert(status.partition, status);
    }

    /// Returns what owners said last.
    pub(super) fn statuses(&self) -> Vec<PartitionStatus> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn leave_open(&self, next: Health) -> bool {
        self.health.send_if_modified(|health| {
            let open = *health == Health::Open;
            if open {
                *health = next;
            }
            open
        })
    }

    fn check_partition(&self, partition: PartitionId) -> Result<(), BusError> {
        if partition.0 < self.partitions {
            return Ok(());
        }
        Err(BusError::Damaged(format!("there is no partition {partition} of {}", self.partitions)))
    }
}

impl Health {
    fn check(&self) -> Result<(), BusError> {
        match self {
            Self::Open => Ok(()),
            Self::Closed => Err(BusError::Unavailable("closed".to_owned())),
            Self::Failed(reason) => Err(BusError::Broken(reason.clone())),
        }
    }
}
