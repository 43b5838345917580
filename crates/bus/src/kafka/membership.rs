//! The segmenters' consumer group: who gets which partition. A thread is the member.
//!
//! The group's consumer reads nothing, its partitions are paused: an owner reads where its state says.
//! Rebalancing is cooperative, so that partitions that stay do not notice it.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use schema::{PartitionId, Topic};

use super::assignments::{Assignments, Event};
use super::clients;
use super::failure::reason;
use super::kafka_log::KafkaLog;
use crate::BusError;

/// How soon the thread notices that it is to leave.
const LISTEN: Duration = Duration::from_millis(50);
/// How long leaving may take, with brokers that do not answer: then the session times out instead.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// The thread that is a member.
pub(super) struct Membership {
    /// Never gets anything: its other end goes when the group is left.
    left: Mutex<mpsc::Receiver<()>>,
}

impl Membership {
    /// Waits until the group is left; blocks for as long as a question to the brokers takes. A process that ended
    /// before would keep its partitions from others for a whole session.
    pub(super) fn wait_until_left(&self) {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.recv_timeout(LEAVE_WITHIN) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!(
                "the brokers were not told that this process leaves the group; others wait for its session to end"
            );
        }
    }
}

/// Joins the group; the thread leaves it when `assignments` says so.
pub(super) fn join(log: &KafkaLog, assignments: &Arc<Assignments>) -> Result<Membership, BusError> {
    let handle = log.handle();
    let context = Member { assignments: Arc::clone(assignments), handover: handle.options.handover_timeout };
    let consumer: BaseConsumer<Member> = clients::membership(&handle.options)
        .create_with_context(context)
        .map_err(|error| BusError::Misfit(reason(&error)))?;
    let events = handle.names.name(Topic::Events.as_str());
    consumer.subscribe(&[&events]).map_err(|error| BusError::Misfit(reason(&error)))?;
    let assignments = Arc::clone(assignments);
    let (leaving, left) = mpsc::channel();
    std::thread::Builder::new()
        .name("log-membership".to_owned())
        .spawn(move || {
            take_part(consumer, &assignments);
            drop(leaving);
        })
        .map_err(|error| BusError::Unavailable(format!("starting a thread: {error}")))?;
    Ok(Membership { left: Mutex::new(left) })
}

fn take_part(consumer: BaseConsumer<Member>, assignments: &Assignments) {
    while !assignments.is_leaving() {
        match consumer.poll(LISTEN) {
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                assignments.tell(Event::Failed(code.to_string()));
                break;
            }
            Some(Err(error)) => clients::tell(&error, "being a member of the group"),
            // A record that came before its partition was paused.
            Some(Ok(_)) | None => {}
        }
    }
    // Leaves the group.
    drop(consumer);
}

/// What the group tells its member.
struct Member {
    assignments: Arc<Assignments>,
    handover: Duration,
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        clients::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        clients::tell(&error, reason);
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            self.assignments.revoke(&partitions_of(list), self.handover);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                if let Err(error) = consumer.pause(list) {
                    // It would only read what nobody takes.
                    tracing::debug!(%error, "pausing the group's consumer");
                }
                partitions_of(list).into_iter().for_each(|partition| self.assignments.assign(partition));
                self.assignments.tell(Event::SharedOut);
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "the group could not share out its partitions"),
        }
    }
}

fn partitions_of(list: &TopicPartitionList) -> Vec<PartitionId> {
    let ids = list.elements().into_iter().filter_map(|element| u16::try_from(element.partition()).ok());
    ids.map(PartitionId).collect()
}
