//! The handle that services hold.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use schema::{
    Definitions, ErrorRecord, Generation, LogPosition, Offset, PartitionId, PartitionStatus, Timestamp, Topic, UserId,
    partition_of,
};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::appending::{Appender, NewValue};
use super::definitions::PublishedDefinitions;
use super::ends::Ends;
use super::gathered::Gathered;
use super::ownership::KafkaOwnership;
use super::reader::Reader;
use super::restoring::restore;
use super::statuses::Statuses;
use super::topics::{self, TopicNames};
use super::trimmed;
use crate::kafka_options::KafkaOptions;
use crate::values::encode_error;
use crate::{BusError, DeadLetter, EventLog, NewRecord, RestoredPartition, StoredRecord};

/// So many records come into memory when somebody waits for the first of them.
const LOOK_AHEAD: usize = 256;
/// Who waits for good asks again this often.
const WAIT: std::time::Duration = std::time::Duration::from_secs(3_600);

/// The log on brokers that speak Kafka's protocol; cheap to clone.
#[derive(Clone)]
pub struct KafkaLog(Arc<Handle>);

pub(super) struct Handle {
    pub(super) options: KafkaOptions,
    pub(super) names: TopicNames,
    pub(super) appender: Appender,
    pub(super) reader: Reader,
    pub(super) statuses: Statuses,
    pub(super) definitions: PublishedDefinitions,
    /// Where partitions end, records of unfinished commits included; for those who read beside an owner.
    watermarks: OnceCell<Ends>,
}

impl KafkaLog {
    /// Connects, makes the topics that are missing, and refuses those that are not as they must be.
    pub async fn open(options: KafkaOptions) -> Result<Self, BusError> {
        let names = TopicNames::new(&options.topic_prefix);
        topics::ready(&options, &names).await?;
        let gapless = [Topic::Events.as_str(), topics::STATUS, topics::DEFINITIONS].map(|topic| names.name(topic));
        let appender = Appender::start(&options)?;
        let reader = Reader::new(&options, HashSet::from(gapless))?;
        let statuses = Statuses::new(names.lane_of(topics::STATUS, PartitionId(0)));
        let definitions = PublishedDefinitions::new(names.lane_of(topics::DEFINITIONS, PartitionId(0)));
        Ok(Self(Arc::new(Handle {
            options,
            names,
            appender,
            reader,
            statuses,
            definitions,
            watermarks: OnceCell::new(),
        })))
    }

    /// Joins the segmenters' group: hands out the partitions that the group gives to this process.
    pub fn ownership(&self) -> KafkaOwnership {
        KafkaOwnership::new(self.clone())
    }

    /// Returns how it was opened.
    pub fn options(&self) -> &KafkaOptions {
        &self.0.options
    }

    /// Waits until everything that was appended is acknowledged or given up.
    pub async fn close(&self) -> Result<(), BusError> {
        self.0.appender.flush().await
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.0
    }

    /// Tells other processes how far a partition is, now and then.
    pub(super) fn report(&self, status: PartitionStatus) {
        let Some(value) = self.0.statuses.report(&status, Instant::now()) else { return };
        let log = self.clone();
        // Nothing is lost when it does not arrive: the next one says more.
        tokio::spawn(async move { log.0.appender.append(vec![value]).await });
    }

    fn error_value(&self, error: &ErrorRecord) -> Result<NewValue, BusError> {
        let (user_id, json) = encode_error(error)?;
        let partition = partition_of(user_id, self.partitions());
        let lane = self.0.names.lane(Topic::Errors, partition);
        Ok(NewValue { lane, user_id, time: wall_clock(), json })
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    fn partitions(&self) -> u16 {
        self.0.options.partitions
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        let partitions = self.partitions();
        let value = |record: &NewRecord| {
            let partition = partition_of(record.user_id(), partitions);
            let lane = self.0.names.lane(Topic::Events, partition);
            NewValue { lane, user_id: record.user_id(), time: record.received_at(), json: record.encode() }
        };
        let values: Vec<_> = records.iter().map(value).collect();
        let lanes: Vec<_> = values.iter().map(|value| value.lane.partition).collect();
        let offsets = self.0.appender.append(values).await?;
        Ok(lanes.into_iter().zip(offsets).map(|(partition, offset)| LogPosition { partition, offset }).collect())
    }

    async fn append_errors(&self, errors: Vec<ErrorRecord>) -> Result<(), BusError> {
        let values = errors.iter().map(|error| self.error_value(error)).collect::<Result<_, _>>()?;
        self.0.appender.append(values).await.map(|_| ())
    }

    async fn append_dead_letters(&self, letters: Vec<DeadLetter>) -> Result<(), BusError> {
        let value = |letter: &DeadLetter| {
            let lane = self.0.names.lane(Topic::DeadLetters, letter.partition);
            Ok(NewValue { lane, user_id: letter.user_id, time: wall_clock(), json: letter.encode()? })
        };
        let values = letters.iter().map(value).collect::<Result<_, BusError>>()?;
        self.0.appender.append(values).await.map(|_| ())
    }

    async fn read(
        &self,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        let lane = self.0.names.lane(topic, partition);
        let mut next = from;
        loop {
            match self.0.reader.read(&lane, next, max_records).await {
                Err(BusError::Trimmed { begin, .. }) if begin > next => {
                    trimmed::check_seen(&self.0, &lane, from, begin).await?;
                    next = begin;
                }
                outcome => return outcome,
            }
        }
    }

    async fn range(&self, topic: Topic, partition: PartitionId) -> Result<std::ops::Range<Offset>, BusError> {
        let lane = self.0.names.lane(topic, partition);
        let (begin, end) = tokio::join!(self.0.reader.ends().begin(&lane), self.0.reader.end(&lane));
        let begin = begin?;
        Ok(begin..end?.max(begin))
    }

    async fn wait_for(&self, topic: Topic, partition: PartitionId, from: Offset) -> Result<(), BusError> {
        let lane = self.0.names.lane(topic, partition);
        // Waiting for a record far ahead begins at the end: there is no other place to wait at.
        let mut next = from.min(self.0.reader.end(&lane).await?);
        loop {
            let records = match self.0.reader.read_until(&lane, next, LOOK_AHEAD, Instant::now() + WAIT).await {
                Err(BusError::Trimmed { begin, .. }) if begin > next => {
                    trimmed::check_seen(&self.0, &lane, from, begin).await?;
                    next = begin;
                    continue;
                }
                outcome => outcome?,
            };
            let Some(last) = records.last() else { continue };
            if last.offset >= from {
                return Ok(());
            }
            next = last.offset + 1;
        }
    }

    async fn last_commit(
        &self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        let start = async || Ends::start(&self.0.options, "read_uncommitted");
        let watermarks = self.0.watermarks.get_or_try_init(start).await?;
        restore(self, watermarks, partition, Gathered::default(), visit).await
    }

    async fn statuses(&self) -> Result<Vec<PartitionStatus>, BusError> {
        self.0.statuses.latest(&self.0.reader).await
    }

    async fn publish_definitions(&self, definitions: &Definitions) -> Result<(), BusError> {
        self.0.definitions.publish(definitions, &self.0.reader, &self.0.appender).await
    }

    async fn definitions_after(&self, after: Generation) -> Result<Definitions, BusError> {
        self.0.definitions.after(after, &self.0.reader).await
    }
}

/// Returns what the machine's clock says; only retention looks at it.
pub(super) fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
