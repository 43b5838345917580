//! Asking the brokers what they have, and finding out why they do not answer.
//!
//! librdkafka answers a question with "timed out" and says elsewhere what the matter is: a wrong
//! password, a certificate that nobody knows, a port at which nobody listens.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::clients;
use super::failure::reason;
use crate::{BusError, KafkaOptions};

/// How long to listen for what the matter is.
const LISTEN: Duration = Duration::from_millis(50);

/// A client that is only asked, and remembers what troubled it.
pub(super) struct Asking {
    consumer: BaseConsumer<Troubles>,
    timeout: Duration,
}

/// How a topic is laid out over the brokers.
pub(super) struct Layout {
    /// How many; at least one.
    pub(super) partitions: usize,
    /// On how many brokers the partition is that is on the fewest.
    pub(super) replicas: usize,
}

impl Asking {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, BusError> {
        let consumer = clients::common(options)
            .create_with_context(Troubles::default())
            .map_err(|error| BusError::Misfit(reason(&error)))?;
        Ok(Self { consumer, timeout: options.request_timeout })
    }

    /// Returns how a topic is laid out; `None` when it is not there, or has no leader yet. Blocks.
    pub(super) fn layout(&self, topic: &str) -> Result<Option<Layout>, BusError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), self.timeout).map_err(|error| self.explain(&error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        let led = found.filter(|topic| topic.partitions().iter().all(|partition| partition.leader() >= 0));
        Ok(led.and_then(|topic| {
            let replicas = topic.partitions().iter().map(|partition| partition.replicas().len()).min()?;
            Some(Layout { partitions: topic.partitions().len(), replicas })
        }))
    }

    fn explain(&self, error: &KafkaError) -> BusError {
        // Nothing is ever fetched: this is where the client says what troubles it.
        drop(self.consumer.poll(LISTEN));
        let trouble = self.consumer.client().context().worst();
        match trouble {
            Some((code, why)) if is_for_good(code) => BusError::Misfit(format!("asking the brokers for topics: {why}")),
            Some((_, why)) => BusError::Unavailable(format!("asking the brokers for topics: {why}")),
            None => BusError::Unavailable(format!("asking the brokers for topics: {}", reason(error))),
        }
    }
}

/// Whether waiting does not help.
fn is_for_good(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL)
}

/// What troubled a client: the first that waiting does not help against, else the first.
#[derive(Default)]
struct Troubles(Mutex<Option<(RDKafkaErrorCode, String)>>);

impl Troubles {
    fn worst(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Troubles {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        clients::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        clients::tell(&error, reason);
        let Some(code) = error.rdkafka_error_code() else { return };
        let mut worst = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if worst.as_ref().is_none_or(|(worst, _)| is_for_good(code) && !is_for_good(*worst)) {
            *worst = Some((code, reason.to_owned()));
        }
    }
}

impl ConsumerContext for Troubles {}
