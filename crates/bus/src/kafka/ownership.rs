//! Partitions as the group hands them out: claimed before anybody may work on them.
//!
//! Claiming is `init_transactions` with the partition's own transactional id. It fences whoever had
//! the partition before and finishes or undoes what that one had begun; see [`super::transaction`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::consumer::BaseConsumer;
use schema::PartitionId;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::assignments::{Assignments, Event, Hold};
use super::clients::{self, Speaking};
use super::ends::Ends;
use super::failure::reason;
use super::kafka_log::KafkaLog;
use super::membership::{self, Membership};
use super::owner::KafkaOwner;
use super::restoring::HEAD_STARTS;
use crate::{BusError, Ownership, OwnershipChange};

/// How long to wait before claiming again what could not be claimed, or was lost to somebody.
const CLAIM_AGAIN: Duration = Duration::from_millis(500);

/// What all owners of a process share.
pub(super) struct Common {
    pub(super) log: KafkaLog,
    /// Knows the group without being a member: under its name owners commit offsets.
    pub(super) group: BaseConsumer<Speaking>,
    /// Where partitions end, records of unfinished commits included.
    pub(super) watermarks: Ends,
    /// Who may read a partition's state while it is claimed.
    pub(super) head_starts: Arc<Semaphore>,
}

/// Hands out the partitions that the group gives to this process; leaves the group when dropped.
pub struct KafkaOwnership {
    log: KafkaLog,
    /// `None` before the first question.
    taking_part: Option<TakingPart>,
}

struct TakingPart {
    common: Arc<Common>,
    assignments: Arc<Assignments>,
    events: mpsc::UnboundedReceiver<Event>,
    claims: JoinSet<(PartitionId, Result<KafkaOwner, BusError>)>,
    membership: Membership,
}

impl KafkaOwnership {
    pub(super) fn new(log: KafkaLog) -> Self {
        Self { log, taking_part: None }
    }
}

#[async_trait]
impl Ownership for KafkaOwnership {
    async fn next(&mut self) -> Result<Option<OwnershipChange>, BusError> {
        let taking_part = match &mut self.taking_part {
            Some(taking_part) => taking_part,
            none => none.insert(TakingPart::begin(&self.log)?),
        };
        loop {
            if let Some(change) = taking_part.next().await? {
                return Ok(Some(change));
            }
        }
    }
}

impl TakingPart {
    fn begin(log: &KafkaLog) -> Result<Self, BusError> {
        let options = &log.handle().options;
        let group: BaseConsumer<Speaking> =
            clients::group(options).create_with_context(Speaking).map_err(|error| BusError::Misfit(reason(&error)))?;
        let watermarks = Ends::start(options, "read_uncommitted")?;
        let head_starts = Arc::new(Semaphore::new(HEAD_STARTS));
        let common = Arc::new(Common { log: log.clone(), group, watermarks, head_starts });
        let (sender, events) = mpsc::unbounded_channel();
        let assignments = Assignments::new(sender);
        let membership = membership::join(log, &assignments)?;
        Ok(Self { common, assignments, events, claims: JoinSet::new(), membership })
    }

    /// Waits for something to happen; `None` when it is nothing to tell.
    async fn next(&mut self) -> Result<Option<OwnershipChange>, BusError> {
        tokio::select! {
            biased;
            event = self.events.recv() => match event {
                Some(Event::Assigned(partition)) => self.claim(partition, Duration::ZERO),
                Some(Event::Orphaned(partition)) => self.claim(partition, CLAIM_AGAIN),
                Some(Event::Revoked(partition)) => return Ok(Some(OwnershipChange::Revoked(partition))),
                Some(Event::SharedOut) if self.assignments.is_empty() => return Ok(Some(OwnershipChange::Idle)),
                Some(Event::SharedOut) => {}
                Some(Event::Failed(reason)) => return Err(BusError::Misfit(format!("the group: {reason}"))),
                // Cannot be: `assignments` has a sender.
                None => return Err(BusError::Unavailable("the group's thread has ended".to_owned())),
            },
            Some(claimed) = self.claims.join_next() => match claimed {
                Ok((partition, Ok(owner))) if self.assignments.is_assigned(partition) => {
                    return Ok(Some(OwnershipChange::Assigned(Box::new(owner))));
                }
                Ok((_, Ok(_gone_meanwhile))) => {}
                Ok((partition, Err(error))) => {
                    tracing::warn!(kafka.partition = partition.0, %error, "claiming a partition; trying again");
                    self.claim(partition, CLAIM_AGAIN);
                }
                Err(error) => return Err(BusError::Unavailable(format!("claiming a partition: {error}"))),
            },
        }
        Ok(None)
    }

    fn claim(&mut self, partition: PartitionId, pause: Duration) {
        // Held from here on: a partition that is taken away waits until the claim is settled.
        let (common, assignments) = (Arc::clone(&self.common), Arc::clone(&self.assignments));
        self.claims.spawn(async move {
            tokio::time::sleep(pause).await;
            let owner = match assignments.hold(partition) {
                Some(hold) => claim(common, hold).await,
                None => Err(BusError::Fenced(partition)),
            };
            (partition, owner)
        });
    }
}

async fn claim(common: Arc<Common>, hold: Hold) -> Result<KafkaOwner, BusError> {
    KafkaOwner::claim(common, hold).await
}

impl Drop for TakingPart {
    fn drop(&mut self) {
        self.assignments.leave();
        self.membership.wait_until_left();
    }
}
