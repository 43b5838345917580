//! What owners say of themselves, for those who ask in another process.
//!
//! Not part of a commit: it is said several times a second, and only the latest counts. It goes to a
//! small compacted topic, at most so often; whoever owns a partition itself knows the very latest.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use schema::{Offset, PartitionId, PartitionStatus, Timestamp, UserId};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::appending::NewValue;
use super::kafka_log::wall_clock;
use super::reader::Reader;
use super::topics::Lane;
use crate::BusError;

/// How often a partition is told of at most: as often as anybody asks.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// The most statuses that are read at once.
const MAX_READ: usize = 1_024;

/// The latest status of each partition.
pub(super) struct Statuses {
    lane: Lane,
    own: Mutex<BTreeMap<PartitionId, (PartitionStatus, Instant)>>,
    told: AsyncMutex<Told>,
}

/// What was read of the topic.
#[derive(Default)]
struct Told {
    /// `None` before the first reading.
    next: Option<Offset>,
    latest: BTreeMap<PartitionId, PartitionStatus>,
}

impl Statuses {
    pub(super) fn new(lane: Lane) -> Self {
        Self { lane, own: Mutex::default(), told: AsyncMutex::default() }
    }

    /// Notes what an owner says; returns what to tell others, when it is time to.
    pub(super) fn report(&self, status: &PartitionStatus, now: Instant) -> Option<NewValue> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let told_at = own.get(&status.partition).map(|(_, told_at)| *told_at);
        let due = told_at.is_none_or(|told_at| now >= told_at + TELL_EVERY);
        let noted_at = if due { now } else { told_at.unwrap_or(now) };
        own.insert(status.partition, (status.clone(), noted_at));
        due.then(|| self.value(status, wall_clock())).flatten()
    }

    fn value(&self, status: &PartitionStatus, time: Timestamp) -> Option<NewValue> {
        let json = serde_json::to_vec(status).ok()?;
        let key = UserId(i64::from(status.partition.0));
        Some(NewValue { lane: self.lane.clone(), user_id: key, time, json })
    }

    /// Returns the latest status of each partition that ever had an owner, ascending.
    pub(super) async fn latest(&self, reader: &Reader) -> Result<Vec<PartitionStatus>, BusError> {
        let mut told = self.told.lock().await;
        let mut next = match told.next {
            Some(next) => next,
            None => reader.ends().begin(&self.lane).await?,
        };
        loop {
            let records = match reader.read(&self.lane, next, MAX_READ).await {
                Err(BusError::Trimmed { begin, .. }) if begin > next => {
                    next = begin;
                    continue;
                }
                records => records?,
            };
            let Some(last) = records.last() else { break };
            next = last.offset + 1;
            for record in &records {
                let status: Result<PartitionStatus, _> = serde_json::from_slice(&record.value);
                if let Ok(status) = status {
                    told.latest.insert(status.partition, status);
                }
            }
        }
        told.next = Some(next);
        let mut latest = told.latest.clone();
        for (partition, (status, _)) in &*self.own.lock().unwrap_or_else(PoisonError::into_inner) {
            if latest.get(partition).is_none_or(|told| told.as_of <= status.as_of) {
                latest.insert(*partition, status.clone());
            }
        }
        Ok(latest.into_values().collect())
    }
}
