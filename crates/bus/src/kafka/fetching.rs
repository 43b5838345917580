//! A partition that a client fetches: its own queue, and a bell that rings when there is something in it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::Offset as KafkaOffset;
use schema::{Offset, UserId};
use tokio::sync::Notify;

use super::clients::Speaking;
use super::failure::{is_moving, reason, unavailable};
use super::topics::Lane;
use crate::{BusError, StoredRecord};

/// The header of the last record of a commit in its topic: the offset behind it holds the commit's
/// marker, which no reader sees.
pub(super) const LAST_HEADER: &str = "shoal-last";

/// The header of the first change of a commit: the first offset behind the change before it, in decimal
/// digits. What lies between them is markers, and perhaps commits that were undone.
pub(super) const FOLLOWS_HEADER: &str = "shoal-follows";

/// How long librdkafka may take to note where to read; it asks nobody.
const SEEK_TIMEOUT: Duration = Duration::from_secs(5);

type Client = Arc<BaseConsumer<Speaking>>;

/// One partition that a client fetches from some offset on.
pub(super) struct Fetching {
    client: Client,
    lane: Lane,
    queue: PartitionQueue<Speaking>,
    bell: Arc<Notify>,
}

/// What came next.
pub(super) enum Fetched {
    /// A record, and whether it is the last of its commit.
    Record(StoredRecord, bool),
    /// No record: its key has no value any more, or the partition is just changing its leader.
    Nothing,
    /// The end that the brokers knew when they answered; only of clients that ask for it.
    End,
    /// The offset is not there any more, or not yet.
    OutOfRange,
}

impl Fetching {
    /// Begins to fetch.
    pub(super) fn begin(client: &Client, lane: &Lane, from: Offset) -> Result<Self, BusError> {
        let partition = i32::from(lane.partition.0);
        // Before it is assigned, so that nothing goes to the client's common queue.
        let queue = client.split_partition_queue(&lane.topic, partition);
        let mut queue = queue.ok_or_else(|| BusError::Unavailable(format!("there is no topic `{}`", lane.topic)))?;
        let bell = Arc::new(Notify::new());
        let ringing = Arc::clone(&bell);
        queue.set_nonempty_callback(move || ringing.notify_one());
        let list = at(lane, from)?;
        client.incremental_assign(&list).map_err(|error| unavailable("reading", &error))?;
        Ok(Self { client: Arc::clone(client), lane: lane.clone(), queue, bell })
    }

    /// Goes on at another offset; what was fetched and not taken is forgotten.
    pub(super) fn seek(&self, from: Offset) -> Result<(), BusError> {
        let list = at(&self.lane, from)?;
        let sought = self.client.seek_partitions(list, SEEK_TIMEOUT);
        let sought = sought.map_err(|error| unavailable("reading elsewhere", &error))?;
        let elements = sought.elements();
        let failed = elements.iter().find_map(|element| element.error().err());
        failed.map_or(Ok(()), |error| Err(unavailable("reading elsewhere", &error)))
    }

    /// Rings when the queue was empty and is not any more.
    pub(super) fn bell(&self) -> &Arc<Notify> {
        &self.bell
    }

    /// Takes what is there, without waiting.
    pub(super) fn take(&self) -> Result<Option<Fetched>, BusError> {
        let message = self.queue.poll(Duration::ZERO);
        message.map(|message| self.understand(message)).transpose()
    }

    /// Takes what is there and lets the caller look at the message itself.
    pub(super) fn take_message<T>(
        &self,
        look: impl FnOnce(&BorrowedMessage<'_>) -> Result<T, BusError>,
    ) -> Result<Option<Result<T, Fetched>>, BusError> {
        match self.queue.poll(Duration::ZERO) {
            None => Ok(None),
            Some(Ok(message)) => look(&message).map(|looked| Some(Ok(looked))),
            Some(Err(error)) => self.understand_error(error).map(|fetched| Some(Err(fetched))),
        }
    }

    fn understand(&self, message: Result<BorrowedMessage<'_>, KafkaError>) -> Result<Fetched, BusError> {
        match message {
            Ok(message) => record(&message),
            Err(error) => self.understand_error(error),
        }
    }

    fn understand_error(&self, error: KafkaError) -> Result<Fetched, BusError> {
        match error {
            KafkaError::PartitionEOF(_) => Ok(Fetched::End),
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                Ok(Fetched::OutOfRange)
            }
            // The client goes on by itself.
            KafkaError::MessageConsumption(code) if is_moving(code) => Ok(Fetched::Nothing),
            error => Err(BusError::Unavailable(format!("reading `{}`: {}", self.lane.topic, reason(&error)))),
        }
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.lane.topic, i32::from(self.lane.partition.0));
        // Fails when the client is being closed.
        let _ = self.client.incremental_unassign(&list);
    }
}

/// Returns the offset of a message.
pub(super) fn offset_of(message: &BorrowedMessage<'_>) -> Result<Offset, BusError> {
    Offset::try_from(message.offset()).map_err(|_| BusError::Damaged(format!("a record at {}", message.offset())))
}

fn record(message: &BorrowedMessage<'_>) -> Result<Fetched, BusError> {
    let offset = offset_of(message)?;
    let Some(value) = message.payload() else { return Ok(Fetched::Nothing) };
    // Records of other programs may have any key; what has none of ours is nobody's.
    let key = message.key().and_then(|key| std::str::from_utf8(key).ok());
    let user_id = UserId(key.and_then(|key| key.parse().ok()).unwrap_or(0));
    let last = message.headers().is_some_and(|headers| headers.iter().any(|header| header.key == LAST_HEADER));
    let value = bytes::Bytes::copy_from_slice(value);
    Ok(Fetched::Record(StoredRecord { offset, user_id, value }, last))
}

fn at(lane: &Lane, from: Offset) -> Result<TopicPartitionList, BusError> {
    let mut list = TopicPartitionList::new();
    let offset = i64::try_from(from).map_err(|_| BusError::Damaged(format!("offset {from} is no offset")))?;
    list.add_partition_offset(&lane.topic, i32::from(lane.partition.0), KafkaOffset::Offset(offset))
        .map_err(|error| unavailable("reading", &error))?;
    Ok(list)
}
