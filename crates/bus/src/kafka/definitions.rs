//! The definitions on their way from config-api to segmenters in other processes.
//!
//! A small compacted topic of one partition, each record the whole set of one generation. A segmenter
//! that starts while config-api and its store are away finds the latest set there. Which generation
//! counts is the reader's to decide: the greatest it has seen, whatever the order of the records.

use schema::{Definitions, Generation, Offset, UserId};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::appending::{Appender, NewValue};
use super::kafka_log::wall_clock;
use super::reader::Reader;
use super::topics::Lane;
use crate::BusError;

/// The key of every record: only the latest one is kept for good.
const KEY: UserId = UserId(0);
/// The most sets that are read at once: each can be megabytes.
const MAX_READ: usize = 16;
/// Who waits for good asks again this often.
const WAIT: std::time::Duration = std::time::Duration::from_secs(3_600);

/// What was published, as far as it was read.
pub(super) struct PublishedDefinitions {
    lane: Lane,
    read: Mutex<ReadSoFar>,
}

#[derive(Default)]
struct ReadSoFar {
    /// `None` before the first reading.
    next: Option<Offset>,
    /// The set of the greatest generation.
    latest: Option<Definitions>,
    /// The generation of the last record, the one that stays.
    last: Option<Generation>,
}

impl PublishedDefinitions {
    pub(super) fn new(lane: Lane) -> Self {
        Self { lane, read: Mutex::default() }
    }

    /// Publishes a set unless the last record has it or a later one.
    ///
    /// Two processes may publish at once and leave the older set last; whichever of them asks again
    /// finds that, and repeats the newer one.
    pub(super) async fn publish(
        &self,
        definitions: &Definitions,
        reader: &Reader,
        appender: &Appender,
    ) -> Result<(), BusError> {
        let last = {
            let mut read = self.read.lock().await;
            read.catch_up(&self.lane, reader).await?;
            read.last
        };
        if last.is_some_and(|last| last >= definitions.generation) {
            return Ok(());
        }
        let json = serde_json::to_vec(definitions)
            .map_err(|error| BusError::Damaged(format!("encoding the definitions: {error}")))?;
        let value = NewValue { lane: self.lane.clone(), user_id: KEY, time: wall_clock(), json };
        appender.append(vec![value]).await.map(drop)
    }

    /// Waits for a set of a later generation than `after`; returns the latest.
    pub(super) async fn after(&self, after: Generation, reader: &Reader) -> Result<Definitions, BusError> {
        loop {
            let next = {
                let mut read = self.read.lock().await;
                let next = read.catch_up(&self.lane, reader).await?;
                if let Some(latest) = read.latest.as_ref().filter(|latest| latest.generation > after) {
                    return Ok(latest.clone());
                }
                next
            };
            // What comes is read again above, under the lock.
            reader.read_until(&self.lane, next, 1, Instant::now() + WAIT).await?;
        }
    }
}

impl ReadSoFar {
    /// Reads up to the end; returns the offset after it.
    async fn catch_up(&mut self, lane: &Lane, reader: &Reader) -> Result<Offset, BusError> {
        let mut next = match self.next {
            Some(next) => next,
            None => reader.ends().begin(lane).await?,
        };
        loop {
            let records = match reader.read(lane, next, MAX_READ).await {
                Err(BusError::Trimmed { begin, .. }) if begin > next => {
                    next = begin;
                    continue;
                }
                records => records?,
            };
            let Some(last) = records.last() else { break };
            next = last.offset + 1;
            records.iter().for_each(|record| self.note(&record.value));
            self.next = Some(next);
        }
        self.next = Some(next);
        Ok(next)
    }

    /// A record that this version cannot read is passed over: the set before it stays in force.
    fn note(&mut self, value: &[u8]) {
        let definitions: Definitions = match serde_json::from_slice(value) {
            Ok(definitions) => definitions,
            Err(error) => return tracing::error!(%error, "published definitions cannot be read"),
        };
        self.last = Some(definitions.generation);
        if self.latest.as_ref().is_none_or(|latest| latest.generation < definitions.generation) {
            self.latest = Some(definitions);
        }
    }
}
