//! One owned partition: what it reads, what it commits, and what is done when the outcome is not known.
//!
//! A commit whose outcome is not known is settled before the next step: the partition is claimed
//! anew, which makes the brokers finish or undo it, and the group's offset, which is part of every
//! transaction and carries the commit's name, tells which. So the caller may repeat the same commit.

use std::sync::Arc;

use async_trait::async_trait;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer;
use schema::{Offset, PartitionId, PartitionStatus, Topic, UserId};
use tokio::time::{Duration, Instant};

use super::assignments::Hold;
use super::failure::unavailable;
use super::gathered::Gathered;
use super::ownership::Common;
use super::restoring::{HeadStart, restore};
use super::topics;
use super::transaction::{Committer, Outcome};
use super::work::Work;
use crate::{BusError, PartitionCommit, PartitionOwner, RestoredPartition, StoredRecord};

/// How often to look whether a commit is visible to readers; the brokers take a millisecond or two.
const LOOK_AGAIN: Duration = Duration::from_micros(300);

/// One partition that the group has given to this process.
pub struct KafkaOwner {
    common: Arc<Common>,
    hold: Hold,
    /// `None` while a commit is under way, and when the last one left it unusable.
    committer: Option<Committer>,
    /// The name of the last commit; `None` before the first.
    last_commit: Option<String>,
    /// The commit whose outcome is not known, and its name.
    unsettled: Option<(Box<PartitionCommit>, String)>,
    /// The first offset of `segment-changes` that is not written yet, once it is known.
    changes_end: Option<Offset>,
    /// What was read of the state while the partition was claimed, until it is restored.
    head_start: Option<HeadStart>,
    fenced: bool,
}

impl KafkaOwner {
    /// Takes the partition from whoever had it.
    pub(super) async fn claim(common: Arc<Common>, hold: Hold) -> Result<Self, BusError> {
        let partition = hold.partition();
        let head_start = HeadStart::begin(&common.log, &common.head_starts, partition);
        let mut owner = Self {
            common,
            hold,
            committer: None,
            last_commit: None,
            unsettled: None,
            changes_end: None,
            head_start,
            fenced: false,
        };
        owner.claim_again().await?;
        owner.last_commit = owner.stored_commit().await?;
        Ok(owner)
    }

    async fn claim_again(&mut self) -> Result<(), BusError> {
        if !self.hold.may_claim() {
            return Err(self.fence());
        }
        let handle = self.common.log.handle();
        let options = handle.options.clone();
        let state = handle.names.lane_of(topics::STATE, self.hold.partition());
        let old = self.committer.take();
        let claimed = blocking(move || {
            drop(old);
            Committer::claim(&options, &state)
        });
        self.committer = Some(claimed.await??);
        Ok(())
    }

    /// Returns the name of the commit that the group's offset belongs to.
    async fn stored_commit(&self) -> Result<Option<String>, BusError> {
        let common = Arc::clone(&self.common);
        let lane = self.common.log.handle().names.lane(Topic::Events, self.hold.partition());
        let timeout = self.common.log.handle().options.request_timeout;
        let asked = blocking(move || {
            let mut list = TopicPartitionList::new();
            list.add_partition(&lane.topic, i32::from(lane.partition.0));
            let list = common.group.committed_offsets(list, timeout)?;
            let element = list.find_partition(&lane.topic, i32::from(lane.partition.0));
            element.map_or(Ok(None), |element| {
                element.error()?;
                Ok(Some(element.metadata().to_owned()).filter(|name| !name.is_empty()))
            })
        });
        asked.await?.map_err(|error| unavailable("asking for the group's offset", &error))
    }

    /// Finds out what became of the commit before, if that is not known, and makes the next one possible.
    /// Returns the commit if it took effect.
    async fn settle(&mut self) -> Result<Option<Box<PartitionCommit>>, BusError> {
        if self.fenced {
            return Err(BusError::Fenced(self.hold.partition()));
        }
        if self.committer.is_some() && self.unsettled.is_none() {
            return Ok(None);
        }
        self.claim_again().await?;
        let stored = self.stored_commit().await?;
        let Some((commit, name)) = self.unsettled.take() else {
            return if stored == self.last_commit { Ok(None) } else { Err(self.fence()) };
        };
        if stored.as_ref() == Some(&name) {
            tracing::info!(kafka.partition = self.hold.partition().0, "a commit had taken effect after all");
            self.last_commit = stored;
            let lane = self.common.log.handle().names.lane(Topic::SegmentChanges, self.hold.partition());
            self.changes_end = Some(self.common.log.handle().reader.end(&lane).await?);
            return Ok(Some(commit));
        }
        if stored == self.last_commit { Ok(None) } else { Err(self.fence()) }
    }

    fn fence(&mut self) -> BusError {
        self.fenced = true;
        self.hold.orphan();
        BusError::Fenced(self.hold.partition())
    }

    async fn write(&mut self, commit: PartitionCommit) -> Result<(), BusError> {
        let handle = self.common.log.handle();
        let max_bytes = handle.options.max_record_bytes;
        let work = Work::new(&handle.names, self.hold.partition(), &commit, self.changes_end, max_bytes)?;
        let Some(committer) = self.committer.take() else {
            return Err(BusError::Unavailable("the partition is not claimed".to_owned()));
        };
        // Until the answer is here: who gives up waiting does not know the outcome either.
        self.unsettled = Some((Box::new(commit), work.commit.clone()));
        let common = Arc::clone(&self.common);
        let (committer, work, outcome) = blocking(move || {
            let outcome = committer.commit(&work, &common.group);
            (committer, work, outcome)
        })
        .await?;
        match outcome {
            Outcome::Committed(last_offsets) => {
                (self.committer, self.unsettled) = (Some(committer), None);
                self.note_committed(&work, &last_offsets);
                self.wait_until_visible(&work, &last_offsets).await;
                Ok(())
            }
            Outcome::Undone { reason, usable } => {
                (self.committer, self.unsettled) = (usable.then_some(committer), None);
                Err(BusError::Unavailable(format!("committing: {reason}")))
            }
            Outcome::Fenced => {
                self.unsettled = None;
                Err(self.fence())
            }
            Outcome::Unknown(reason) => Err(BusError::Unavailable(format!("committing: {reason}"))),
        }
    }

    fn note_committed(&mut self, work: &Work, last_offsets: &[Option<Offset>]) {
        self.last_commit = Some(work.commit.clone());
        let changes = self.common.log.handle().names.name(Topic::SegmentChanges.as_str());
        let last = work.lane_of(&changes).and_then(|lane| last_offsets.get(lane).copied().flatten());
        self.changes_end = last.map(|last| last + 1).or(self.changes_end);
    }

    /// The brokers answer when a commit is decided; readers see it when its markers are written. The
    /// next transaction could not begin before that either.
    async fn wait_until_visible(&self, work: &Work, last_offsets: &[Option<Offset>]) {
        let handle = self.common.log.handle();
        let deadline = Instant::now() + handle.options.request_timeout;
        loop {
            match handle.reader.ends().ends(&work.lanes).await {
                Ok(ends) if ends.iter().zip(last_offsets).all(|(end, last)| last.is_none_or(|last| *end > last)) => {
                    return;
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "looking whether a commit is visible"),
            }
            if Instant::now() > deadline {
                tracing::warn!(kafka.partition = self.hold.partition().0, "a commit is durable and not visible yet");
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

#[async_trait]
impl PartitionOwner for KafkaOwner {
    fn partition(&self) -> PartitionId {
        self.hold.partition()
    }

    async fn restore(
        &mut self,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        self.settle().await?;
        let gathered = match self.head_start.take() {
            Some(head_start) => head_start.finish().await,
            None => Gathered::default(),
        };
        let common = &self.common;
        let restored = restore(&common.log, &common.watermarks, self.hold.partition(), gathered, visit).await?;
        self.changes_end = Some(restored.changes_end);
        Ok(restored)
    }

    async fn poll(
        &mut self,
        from: Offset,
        max_records: usize,
        deadline: Instant,
    ) -> Result<Vec<StoredRecord>, BusError> {
        let handle = self.common.log.handle();
        let lane = handle.names.lane(Topic::Events, self.hold.partition());
        handle.reader.read_until(&lane, from, max_records, deadline).await
    }

    async fn log_end(&mut self) -> Result<Offset, BusError> {
        let handle = self.common.log.handle();
        handle.reader.ends().end(&handle.names.lane(Topic::Events, self.hold.partition())).await
    }

    async fn commit(&mut self, commit: PartitionCommit) -> Result<(), BusError> {
        if let Some(took_effect) = self.settle().await? {
            if *took_effect == commit {
                return Ok(());
            }
            return Err(BusError::Damaged("the commit before took effect, and this one is not it".to_owned()));
        }
        self.write(commit).await
    }

    fn report(&mut self, status: PartitionStatus) {
        // Markers take offsets too, so nobody who only counts changes knows where they end.
        let changes_end = self.changes_end.unwrap_or(status.changes_end);
        self.common.log.report(PartitionStatus { changes_end, ..status });
    }
}

impl Drop for KafkaOwner {
    fn drop(&mut self) {
        // Ending a producer waits for its threads.
        if let Some(committer) = self.committer.take() {
            let ending = std::thread::Builder::new().name("log-ending".to_owned()).spawn(move || drop(committer));
            if let Err(error) = ending {
                tracing::debug!(%error, "ending a producer here");
            }
        }
    }
}

async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Result<T, BusError> {
    let done = tokio::task::spawn_blocking(call).await;
    done.map_err(|error| BusError::Unavailable(format!("a call was interrupted: {error}")))
}
