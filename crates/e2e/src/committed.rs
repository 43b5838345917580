//! A subscriber of `segment-changes` as somebody else would write one: a plain consumer that sees what is
//! committed, and shares no code with ours.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use schema::SegmentChange;

/// How long one wait for a record takes at most; then the end is looked at again.
const WAIT: Duration = Duration::from_millis(100);

/// Reads a topic of changes from its beginning.
pub struct CommittedChanges {
    consumer: BaseConsumer,
    received: Vec<SegmentChange>,
}

impl CommittedChanges {
    /// Begins at the first record of each partition.
    pub fn open(brokers: &str, topic: &str, partitions: u16) -> anyhow::Result<Self> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", format!("{topic}-subscriber"))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .create()
            .context("making a consumer")?;
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, i32::from(partition), Offset::Beginning).context("assigning")?;
        }
        consumer.assign(&list).context("assigning")?;
        Ok(Self { consumer, received: Vec::new() })
    }

    /// Reads on until `enough` says so of everything received; blocks.
    pub fn read_until(
        &mut self,
        patience: Duration,
        mut enough: impl FnMut(&[SegmentChange]) -> bool,
    ) -> anyhow::Result<&[SegmentChange]> {
        let deadline = Instant::now() + patience;
        while !enough(&self.received) {
            ensure!(Instant::now() < deadline, "{} changes came in {patience:?}, and more should", self.received.len());
            let Some(message) = self.consumer.poll(WAIT) else { continue };
            let message = message.map_err(|error| anyhow!("reading changes: {error}"))?;
            let value = message.payload().context("a change without a value")?;
            self.received.push(serde_json::from_slice(value).context("decoding a change")?);
        }
        Ok(&self.received)
    }

    /// Reads on until nothing has come for so long; blocks.
    pub fn read_until_quiet(&mut self, quiet: Duration) -> anyhow::Result<&[SegmentChange]> {
        let mut last = (self.received.len(), Instant::now());
        self.read_until(quiet.saturating_mul(60), |received| {
            if received.len() != last.0 {
                last = (received.len(), Instant::now());
            }
            last.1.elapsed() >= quiet
        })
    }
}
