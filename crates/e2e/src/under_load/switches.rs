//! Where each partition switched to a definition: how the segmenter wrote it into its state, in the one
//! transaction with the changes that the switch published.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use schema::{Definitions, Generation, SegmentId, Timestamp};
use serde::Deserialize;

/// How long a question to the broker may take.
const ASKING: Duration = Duration::from_secs(10);
/// How long the switch of a segment that is live may take to be found.
const PATIENCE: Duration = Duration::from_secs(60);
const WAIT: Duration = Duration::from_millis(100);

/// The switch of one partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Switch {
    pub(super) generation: Generation,
    /// The first record that came after it.
    pub(super) next_offset: u64,
    /// The instant of the partition at which it happened.
    pub(super) now: Timestamp,
}

/// What the state says of where a partition is.
#[derive(Deserialize)]
struct Position {
    next_offset: u64,
    now: Timestamp,
}

/// Watches the state from the moment it is opened.
pub(super) struct StateWatch {
    consumer: BaseConsumer,
    partitions: u16,
}

impl StateWatch {
    /// Begins at the end of each partition; blocks.
    pub(super) fn open(brokers: &str, prefix: &str, partitions: u16) -> anyhow::Result<Self> {
        let topic = format!("{prefix}segmenter-state");
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", format!("{prefix}state-watch"))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .create()
            .context("making a consumer")?;
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::from(partitions) {
            let (_, end) =
                consumer.fetch_watermarks(&topic, partition, ASKING).context("asking where the state ends")?;
            list.add_partition_offset(&topic, partition, Offset::Offset(end)).context("assigning")?;
        }
        consumer.assign(&list).context("assigning")?;
        Ok(Self { consumer, partitions })
    }

    /// Returns the first commit of each partition by which the segment is what that clause says; blocks.
    pub(super) fn switches(self, segment_id: SegmentId, clause: &str) -> anyhow::Result<BTreeMap<u16, Switch>> {
        let deadline = Instant::now() + PATIENCE;
        let (mut switching, mut switches) = (BTreeMap::new(), BTreeMap::new());
        while switches.len() < usize::from(self.partitions) {
            ensure!(Instant::now() < deadline, "the state does not say where each partition switched");
            let Some(message) = self.consumer.poll(WAIT) else { continue };
            let message = message.map_err(|error| anyhow!("reading the state: {error}"))?;
            let partition = u16::try_from(message.partition()).context("a partition")?;
            match message.key() {
                Some(b"definitions") if !switches.contains_key(&partition) => {
                    let definitions: Definitions = decode(&message)?;
                    if defines(&definitions, segment_id, clause) {
                        switching.insert(partition, definitions.generation);
                    }
                }
                // The last record of a commit.
                Some(b"position") => {
                    if let Some(generation) = switching.remove(&partition) {
                        let Position { next_offset, now } = decode(&message)?;
                        switches.insert(partition, Switch { generation, next_offset, now });
                    }
                }
                _ => {}
            }
        }
        Ok(switches)
    }
}

fn decode<T: for<'v> Deserialize<'v>>(message: &BorrowedMessage<'_>) -> anyhow::Result<T> {
    serde_json::from_slice(message.payload().unwrap_or_default()).context("decoding a record of the state")
}

fn defines(definitions: &Definitions, segment_id: SegmentId, clause: &str) -> bool {
    let mut segments = definitions.segments.iter();
    segments.any(|segment| segment.segment_id == segment_id && segment.where_statement == clause)
}
