//! Appending: one idempotent producer for all callers, and a bound on what is on its way.
//!
//! A call is answered when the brokers have acknowledged all of its records (`acks=all`). A producer
//! that failed for good, as librdkafka's can when a broker lost what it had acknowledged, is replaced;
//! its calls are answered as unavailable, and repeating them is harmless.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use schema::{Offset, Timestamp, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::clients;
use super::failure::{reason, unavailable};
use super::topics::Lane;
use crate::BusError;
use crate::kafka_options::KafkaOptions;

/// How often a producer that has nothing to tell is let go, should nobody have it any more.
const LISTEN: Duration = Duration::from_millis(100);

/// A record on its way.
pub(super) struct NewValue {
    pub(super) lane: Lane,
    pub(super) user_id: UserId,
    pub(super) time: Timestamp,
    pub(super) json: Vec<u8>,
}

/// Appends.
pub(super) struct Appender {
    options: KafkaOptions,
    room: Arc<Semaphore>,
    producer: RwLock<Arc<Appending>>,
}

type Appending = BaseProducer<Deliveries>;

impl Appender {
    pub(super) fn start(options: &KafkaOptions) -> Result<Self, BusError> {
        let producer = RwLock::new(produce(options)?);
        Ok(Self { options: options.clone(), room: Arc::new(Semaphore::new(options.queue_kib)), producer })
    }

    /// Appends; the offsets are in the order of the records, each in its lane.
    pub(super) async fn append(&self, records: Vec<NewValue>) -> Result<Vec<Offset>, BusError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        self.check_sizes(&records)?;
        let permit = self.room_for(&records).await?;
        let producer = Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner));
        let (answer, answered) = oneshot::channel();
        let call = Arc::new(Call::new(records.len(), answer, permit));
        for (index, record) in records.iter().enumerate() {
            if let Err(error) = send(&producer, record, Box::new(Delivery { call: Arc::clone(&call), index })) {
                call.fail(records.len() - index, &error);
                break;
            }
        }
        drop(call);
        let outcome = answered.await.map_err(|_| BusError::Unavailable("the log is closed".to_owned()))?;
        outcome.inspect_err(|_| self.replace_if_dead(&producer))
    }

    /// Waits until everything that was asked for is acknowledged or given up.
    pub(super) async fn flush(&self) -> Result<(), BusError> {
        let all = u32::try_from(self.options.queue_kib).unwrap_or(u32::MAX);
        let waiting = tokio::time::timeout(self.options.delivery_timeout, self.room.acquire_many(all)).await;
        waiting.map(drop).map_err(|_| BusError::Unavailable("the brokers do not acknowledge".to_owned()))
    }

    fn check_sizes(&self, records: &[NewValue]) -> Result<(), BusError> {
        let max_bytes = self.options.max_record_bytes;
        let too_large = records.iter().find(|record| record.json.len() + super::RECORD_OVERHEAD > max_bytes);
        too_large.map_or(Ok(()), |record| {
            let what = format!("a record of user {}", record.user_id);
            Err(BusError::TooLarge { what, size_bytes: record.json.len(), max_bytes })
        })
    }

    async fn room_for(&self, records: &[NewValue]) -> Result<OwnedSemaphorePermit, BusError> {
        let kib: usize = records.iter().map(|record| record.json.len() / 1_024 + 1).sum();
        let kib = u32::try_from(kib.min(self.options.queue_kib)).unwrap_or(u32::MAX);
        let waiting = Arc::clone(&self.room).acquire_many_owned(kib);
        match tokio::time::timeout(self.options.delivery_timeout, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(BusError::Unavailable("the log is closed".to_owned())),
            Err(_) => Err(BusError::Unavailable("the brokers take records more slowly than they come".to_owned())),
        }
    }

    fn replace_if_dead(&self, used: &Arc<Appending>) {
        let Some((code, why)) = used.client().fatal_error() else { return };
        let mut producer = self.producer.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&producer, used) {
            return;
        }
        match produce(&self.options) {
            Ok(new) => {
                tracing::warn!(%code, why, "the producer failed for good and was replaced");
                *producer = new;
            }
            Err(error) => tracing::error!(%error, %code, why, "the producer failed for good"),
        }
    }
}

fn produce(options: &KafkaOptions) -> Result<Arc<Appending>, BusError> {
    let producer: Appending = clients::appending(options)
        .create_with_context(Deliveries)
        .map_err(|error| BusError::Misfit(reason(&error)))?;
    let producer = Arc::new(producer);
    let listening = Arc::downgrade(&producer);
    std::thread::Builder::new()
        .name("log-appending".to_owned())
        .spawn(move || listen(&listening))
        .map_err(|error| BusError::Unavailable(format!("starting a thread: {error}")))?;
    Ok(producer)
}

fn listen(producer: &Weak<Appending>) {
    while let Some(producer) = producer.upgrade() {
        producer.poll(LISTEN);
    }
}

fn send(producer: &Appending, record: &NewValue, delivery: Box<Delivery>) -> Result<(), BusError> {
    let key = record.user_id.to_string();
    let sending = BaseRecord::with_opaque_to(&record.lane.topic, delivery)
        .partition(i32::from(record.lane.partition.0))
        .key(&key)
        .payload(&record.json)
        .timestamp(record.time.as_micros().div_euclid(1_000));
    producer.send(sending).map_err(|(error, _)| unavailable("appending", &error))
}

/// One call of `append` under way.
struct Call {
    state: Mutex<CallState>,
}

struct CallState {
    offsets: Vec<Offset>,
    waiting_for: usize,
    failed: Option<BusError>,
    answer: Option<oneshot::Sender<Result<Vec<Offset>, BusError>>>,
    /// Held until the answer: what waits for the brokers counts as waiting.
    permit: Option<OwnedSemaphorePermit>,
}

impl Call {
    fn new(
        records: usize,
        answer: oneshot::Sender<Result<Vec<Offset>, BusError>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let offsets = vec![0; records];
        let state =
            CallState { offsets, waiting_for: records, failed: None, answer: Some(answer), permit: Some(permit) };
        Self { state: Mutex::new(state) }
    }

    fn deliver(&self, index: usize, offset: Result<Offset, BusError>) {
        let mut state = self.lock();
        match offset {
            Ok(offset) => state.offsets[index] = offset,
            Err(error) => state.failed = Some(error),
        }
        state.settle(1);
    }

    /// Says that the last `records` of the call were not even sent.
    fn fail(&self, records: usize, error: &BusError) {
        let mut state = self.lock();
        state.failed = Some(BusError::Unavailable(error.to_string()));
        state.settle(records);
    }

    fn lock(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallState {
    fn settle(&mut self, records: usize) {
        self.waiting_for = self.waiting_for.saturating_sub(records);
        if self.waiting_for > 0 {
            return;
        }
        self.permit = None;
        if let Some(answer) = self.answer.take() {
            let outcome = self.failed.take().map_or_else(|| Ok(std::mem::take(&mut self.offsets)), Err);
            // A caller that went away no longer cares.
            let _ = answer.send(outcome);
        }
    }
}

/// Which record of which call.
pub(super) struct Delivery {
    call: Arc<Call>,
    index: usize,
}

/// Takes what the brokers say of each record to the call it belongs to.
pub(super) struct Deliveries;

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        clients::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        clients::tell(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Delivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Box<Delivery>) {
        let offset = match result {
            Ok(message) => Offset::try_from(message.offset())
                .map_err(|_| BusError::Unavailable("the brokers did not say where a record lies".to_owned())),
            Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageTimedOut) => {
                Err(BusError::Unavailable("the brokers did not acknowledge in time".to_owned()))
            }
            Err((error, _)) => Err(unavailable("appending", error)),
        };
        delivery.call.deliver(delivery.index, offset);
    }
}
