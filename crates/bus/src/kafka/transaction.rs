//! One commit is one transaction: consumed offset, state, changes, memberships, errors, dead letters.
//!
//! Each partition has a transactional id of its own, whoever owns it. The brokers give it to one
//! producer at a time: a new owner's claim raises its epoch, after which nothing of the old owner is
//! taken, and what that one had begun is finished or undone before the claim returns. Offsets are
//! committed under the group's name without a generation, because epochs already decide who may, and
//! a generation changes with every rebalance, also for partitions that stay where they are.
//!
//! Everything here blocks; [`super::owner`] calls it from threads that may.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use schema::Offset;

use super::clients::{self, Speaking};
use super::failure::{is_fence, reason};
use super::fetching::{FOLLOWS_HEADER, LAST_HEADER};
use super::topics::Lane;
use super::work::{Work, Write};
use crate::BusError;
use crate::kafka_options::KafkaOptions;

/// How long the thread sleeps between two looks at what was acknowledged; grows up to the longest.
const FIRST_NAP: Duration = Duration::from_micros(50);
const LONGEST_NAP: Duration = Duration::from_millis(1);
/// How long a claim waits for its connection before it begins without one.
const CONNECT_WITHIN: Duration = Duration::from_millis(500);

/// What became of a transaction.
pub(super) enum Outcome {
    /// It is durable; by lane, the offset of its last record.
    Committed(Vec<Option<Offset>>),
    /// Nothing of it is there, now or later. `usable` says whether the producer can go on.
    Undone { reason: String, usable: bool },
    /// Somebody else has the partition. Nothing of it is there.
    Fenced,
    /// The brokers were asked to commit, and whether they did is not known.
    Unknown(String),
}

/// Has the transactional id of one partition.
pub(super) struct Committer {
    producer: BaseProducer<Acknowledgements>,
    timeout: Duration,
}

impl Committer {
    /// Takes the partition of this state: fences who had it, and settles what that one had begun.
    pub(super) fn claim(options: &KafkaOptions, state: &Lane) -> Result<Self, BusError> {
        let partition = state.partition;
        let transactional_id = format!("{}-{partition}", options.group);
        let producer: BaseProducer<Acknowledgements> = clients::committing(options, &transactional_id)
            .create_with_context(Acknowledgements::default())
            .map_err(|error| BusError::Misfit(reason(&error)))?;
        let timeout = options.transaction_timeout;
        let deadline = Instant::now() + timeout;
        // A client that has no connection when it looks for its coordinator looks again half a second later.
        if let Err(error) = producer.client().fetch_metadata(Some(&state.topic), CONNECT_WITHIN) {
            tracing::debug!(%error, "connecting before a partition is claimed");
        }
        let claimed = retried(deadline, |left| producer.init_transactions(left));
        claimed
            .map_err(|error| BusError::Unavailable(format!("claiming partition {partition}: {}", reason(&error))))?;
        Ok(Self { producer, timeout })
    }

    /// Writes it all, or nothing.
    pub(super) fn commit(&self, work: &Work, group: &BaseConsumer<Speaking>) -> Outcome {
        let deadline = Instant::now() + self.timeout;
        let written = self.write(work, group, deadline);
        if let Err(error) = written {
            return self.undo(error, deadline);
        }
        match retried(deadline, |left| self.producer.commit_transaction(left)) {
            Ok(()) => Outcome::Committed(self.acknowledgements().last_offsets.clone()),
            Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => {
                self.undo(Trouble::Kafka(KafkaError::Transaction(error)), deadline)
            }
            Err(error) if self.is_fenced(&error) => Outcome::Fenced,
            Err(error) => Outcome::Unknown(reason(&error)),
        }
    }

    /// Everything up to the last step.
    fn write(&self, work: &Work, group: &BaseConsumer<Speaking>, deadline: Instant) -> Result<(), Trouble> {
        let consumed = work.consumed().map_err(|error| Trouble::Other(error.to_string()))?;
        let group = group.group_metadata().ok_or_else(|| Trouble::Other("the group has no name".to_owned()))?;
        self.acknowledgements().begin(work.lanes.len());
        self.producer.begin_transaction().map_err(Trouble::Kafka)?;
        for write in &work.writes {
            self.send(work, write, deadline)?;
        }
        // While the records are on their way.
        self.send_offset(&consumed, &group, deadline)?;
        self.wait_for_acknowledgements(deadline)
    }

    fn send(&self, work: &Work, write: &Write, deadline: Instant) -> Result<(), Trouble> {
        let lane = &work.lanes[write.lane];
        loop {
            let mut record = BaseRecord::with_opaque_to(&lane.topic, write.lane)
                .partition(i32::from(lane.partition.0))
                .key(&write.key)
                .timestamp(work.timestamp_millis);
            if let Some(value) = &write.value {
                record = record.payload(value);
            }
            if let Some(headers) = headers(write) {
                record = record.headers(headers);
            }
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) if Instant::now() < deadline => {
                    self.producer.poll(LONGEST_NAP);
                }
                Err((error, _)) => return Err(Trouble::Kafka(error)),
            }
        }
    }

    fn send_offset(
        &self,
        consumed: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        retried(deadline, |left| self.producer.send_offsets_to_transaction(consumed, group, left))
            .map_err(Trouble::Kafka)
    }

    fn wait_for_acknowledgements(&self, deadline: Instant) -> Result<(), Trouble> {
        let mut nap = FIRST_NAP;
        while self.producer.in_flight_count() > 0 {
            // With a timeout it would wait that long whatever comes.
            self.producer.poll(Duration::ZERO);
            if Instant::now() > deadline {
                return Err(Trouble::Other("the brokers did not acknowledge in time".to_owned()));
            }
            std::thread::sleep(nap);
            nap = (nap * 2).min(LONGEST_NAP);
        }
        self.producer.poll(Duration::ZERO);
        self.acknowledgements().failed.take().map_or(Ok(()), |failed| Err(Trouble::Other(failed)))
    }

    fn undo(&self, trouble: Trouble, deadline: Instant) -> Outcome {
        if let Trouble::Kafka(error) = &trouble
            && self.is_fenced(error)
        {
            return Outcome::Fenced;
        }
        let why = trouble.reason();
        if let Some((code, fatal)) = self.producer.client().fatal_error() {
            if is_fence(code) {
                return Outcome::Fenced;
            }
            return Outcome::Undone { reason: fatal, usable: false };
        }
        // At least a moment: what took all the time may be over now.
        let deadline = deadline.max(Instant::now() + Duration::from_secs(1));
        match retried(deadline, |left| self.producer.abort_transaction(left)) {
            Ok(()) => Outcome::Undone { reason: why, usable: true },
            Err(error) if self.is_fenced(&error) => Outcome::Fenced,
            // Never committed, so the brokers undo it by themselves; a new claim makes them do it now.
            Err(error) => Outcome::Undone { reason: format!("{why}; undoing it: {}", reason(&error)), usable: false },
        }
    }

    fn is_fenced(&self, error: &KafkaError) -> bool {
        let by_error = match error {
            KafkaError::Transaction(error) => is_fence(error.code()),
            error => error.rdkafka_error_code().is_some_and(is_fence),
        };
        by_error || self.producer.client().fatal_error().is_some_and(|(code, _)| is_fence(code))
    }

    fn acknowledgements(&self) -> MutexGuard<'_, Acknowledged> {
        self.producer.context().lock()
    }
}

fn headers(write: &Write) -> Option<OwnedHeaders> {
    let last = write.last.then_some(Header { key: LAST_HEADER, value: None });
    let follows = write.follows.map(|offset| offset.to_string());
    let follows = follows.as_ref().map(|value| Header { key: FOLLOWS_HEADER, value: Some(value) });
    let mut headers = last.into_iter().chain(follows).peekable();
    headers.peek()?;
    Some(headers.fold(OwnedHeaders::new(), OwnedHeaders::insert))
}

/// Why a transaction was not written.
enum Trouble {
    Kafka(KafkaError),
    Other(String),
}

impl Trouble {
    fn reason(&self) -> String {
        match self {
            Self::Kafka(error) => reason(error),
            Self::Other(reason) => reason.clone(),
        }
    }
}

/// Calls again for as long as librdkafka says that calling again goes on where it was.
fn retried(deadline: Instant, mut call: impl FnMut(Duration) -> Result<(), KafkaError>) -> Result<(), KafkaError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match call(left) {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < deadline => {
                std::thread::sleep(LONGEST_NAP);
            }
            outcome => return outcome,
        }
    }
}

/// What the brokers have acknowledged of the transaction under way.
#[derive(Default)]
struct Acknowledgements(Mutex<Acknowledged>);

#[derive(Default)]
struct Acknowledged {
    last_offsets: Vec<Option<Offset>>,
    failed: Option<String>,
}

impl Acknowledged {
    fn begin(&mut self, lanes: usize) {
        self.last_offsets = vec![None; lanes];
        self.failed = None;
    }
}

impl Acknowledgements {
    fn lock(&self) -> MutexGuard<'_, Acknowledged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Acknowledgements {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        clients::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        clients::tell(&error, reason);
    }
}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, lane: usize) {
        let mut acknowledged = self.lock();
        match result {
            Ok(message) => {
                let offset = Offset::try_from(message.offset()).ok();
                if let Some(last) = acknowledged.last_offsets.get_mut(lane) {
                    *last = (*last).max(offset);
                }
            }
            Err((error, _)) => acknowledged.failed = Some(reason(error)),
        }
    }
}
