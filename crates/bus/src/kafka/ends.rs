//! Where partitions begin and end, asked of the brokers.
//!
//! A thread asks, because librdkafka's call blocks. What is asked while a question is under way goes
//! into the next one together: many partitions that ask several times a second cost one request.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::Offset as KafkaOffset;
use schema::Offset;
use tokio::sync::oneshot;

use super::clients::{self, Speaking};
use super::failure::{is_moving, reason};
use super::topics::Lane;
use crate::BusError;
use crate::kafka_options::KafkaOptions;

/// The most questions that go into one request.
const MAX_TOGETHER: usize = 1_024;
/// How often an idle thread lets its client speak.
const IDLE: Duration = Duration::from_secs(1);

/// How long to wait for the leader of a partition that just changes it.
const LEADERLESS_PAUSE: Duration = Duration::from_millis(20);

type Answer = oneshot::Sender<Result<Offset, BusError>>;
type Answered = oneshot::Receiver<Result<Offset, BusError>>;

struct Question {
    lane: Lane,
    edge: KafkaOffset,
    answer: Answer,
}

/// Asks where partitions begin and end; the thread ends when this is dropped.
pub(super) struct Ends {
    questions: Sender<Question>,
}

impl Ends {
    /// `isolation` is Kafka's: with `read_committed` the end is that of what committed readers see.
    pub(super) fn start(options: &KafkaOptions, isolation: &str) -> Result<Self, BusError> {
        let consumer: BaseConsumer<Speaking> = clients::asking(options, isolation)
            .create_with_context(Speaking)
            .map_err(|error| BusError::Misfit(reason(&error)))?;
        // Bounded by the callers, who wait for their answers.
        let (questions, asked) = channel();
        let timeout = options.request_timeout;
        std::thread::Builder::new()
            .name("log-ends".to_owned())
            .spawn(move || answer(&consumer, &asked, timeout))
            .map_err(|error| BusError::Unavailable(format!("starting a thread: {error}")))?;
        Ok(Self { questions })
    }

    /// Returns the first offset that is still kept.
    pub(super) async fn begin(&self, lane: &Lane) -> Result<Offset, BusError> {
        self.ask(lane, KafkaOffset::Beginning).await
    }

    /// Returns the first offset that is not written yet.
    pub(super) async fn end(&self, lane: &Lane) -> Result<Offset, BusError> {
        self.ask(lane, KafkaOffset::End).await
    }

    /// Returns the first offset of each partition that is not written yet, by one question.
    pub(super) async fn ends(&self, lanes: &[Lane]) -> Result<Vec<Offset>, BusError> {
        let asked = lanes.iter().map(|lane| self.put(lane, KafkaOffset::End)).collect::<Result<Vec<_>, _>>()?;
        let mut ends = Vec::with_capacity(lanes.len());
        for answered in asked {
            ends.push(answered.await.map_err(|_| closed())??);
        }
        Ok(ends)
    }

    async fn ask(&self, lane: &Lane, edge: KafkaOffset) -> Result<Offset, BusError> {
        self.put(lane, edge)?.await.map_err(|_| closed())?
    }

    fn put(&self, lane: &Lane, edge: KafkaOffset) -> Result<Answered, BusError> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { lane: lane.clone(), edge, answer }).map_err(|_| closed())?;
        Ok(answered)
    }
}

fn closed() -> BusError {
    BusError::Unavailable("the log is closed".to_owned())
}

fn answer(consumer: &BaseConsumer<Speaking>, asked: &Receiver<Question>, timeout: Duration) {
    loop {
        // Nothing is ever fetched: this is where the client says what troubles it.
        drop(consumer.poll(Duration::ZERO));
        let first = match asked.recv_timeout(IDLE) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let together = std::iter::once(first).chain(asked.try_iter().take(MAX_TOGETHER));
        let (begins, ends) = together.partition(|question: &Question| question.edge == KafkaOffset::Beginning);
        ask_together(consumer, KafkaOffset::Beginning, begins, timeout);
        ask_together(consumer, KafkaOffset::End, ends, timeout);
    }
}

fn ask_together(consumer: &BaseConsumer<Speaking>, edge: KafkaOffset, questions: Vec<Question>, timeout: Duration) {
    let mut waiting: HashMap<Lane, Vec<Answer>> = HashMap::new();
    for question in questions {
        waiting.entry(question.lane).or_default().push(question.answer);
    }
    if waiting.is_empty() {
        return;
    }
    let found = find(consumer, edge, waiting.keys(), timeout);
    for (lane, answers) in waiting {
        for answer in answers {
            let found = match &found {
                Ok(found) => found.get(&lane).cloned().unwrap_or_else(|| Err("no answer".to_owned())),
                Err(reason) => Err(reason.clone()),
            };
            let asking = |reason| BusError::Unavailable(format!("asking where `{}` ends: {reason}", lane.topic));
            // Who asked may have gone.
            let _ = answer.send(found.map_err(asking));
        }
    }
}

/// The edge of each partition, or why it is not known.
type Found = HashMap<Lane, Result<Offset, String>>;

fn find<'a>(
    consumer: &BaseConsumer<Speaking>,
    edge: KafkaOffset,
    lanes: impl Iterator<Item = &'a Lane> + Clone,
    timeout: Duration,
) -> Result<Found, String> {
    let deadline = Instant::now() + timeout;
    let answered = loop {
        let mut list = TopicPartitionList::new();
        for lane in lanes.clone() {
            let added = list.add_partition_offset(&lane.topic, i32::from(lane.partition.0), edge);
            added.map_err(|error| reason(&error))?;
        }
        // A "time" of -1 or -2 asks for the edges, of all partitions in one request.
        match consumer.offsets_for_times(list, timeout) {
            Ok(answered) => break answered,
            Err(error) if error.rdkafka_error_code().is_some_and(is_moving) && Instant::now() < deadline => {
                std::thread::sleep(LEADERLESS_PAUSE);
            }
            Err(error) => return Err(reason(&error)),
        }
    };
    let found = lanes.map(|lane| {
        let element = answered.find_partition(&lane.topic, i32::from(lane.partition.0));
        let offset = element.ok_or_else(|| "no answer".to_owned()).and_then(|element| {
            element.error().map_err(|error| reason(&error))?;
            match element.offset() {
                KafkaOffset::Offset(offset) => Offset::try_from(offset).map_err(|error| error.to_string()),
                other => Err(format!("the answer is {other:?}")),
            }
        });
        (lane.clone(), offset)
    });
    Ok(found.collect())
}
