//! The reference: consume, produce one record for each, commit the offset with them; no state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bus::EventLog as _;
use bus::kafka::KafkaLog;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schema::{Timestamp, Topic};

use crate::load::record_appended_at;
use crate::measured::Measured;

const MAX_RECORDS: usize = 4_096;
const TIMEOUT: Duration = Duration::from_secs(30);
const FIRST: Duration = Duration::from_millis(100);

/// Measures until so many records were seen.
pub(crate) async fn measure(
    log: &KafkaLog,
    expected: u64,
    load: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) -> anyhow::Result<Measured> {
    let stop = Arc::new(AtomicBool::new(false));
    let (options, stopping) = (log.options().clone(), Arc::clone(&stop));
    let name = |topic: Topic| format!("{}{}", options.topic_prefix, topic.as_str());
    let (input, output) = (name(Topic::Events), name(Topic::SegmentChanges));
    let (brokers, group) = (options.brokers.clone(), options.group.clone());
    let reading = consumer(&brokers, &group, &output)?;
    let consuming = consumer(&brokers, &group, &input)?;
    let producing = producer(&brokers, &group)?;
    let loading = tokio::spawn(load);
    let looping = tokio::task::spawn_blocking(move || run(&consuming, &producing, &input, &output, &stopping));
    let measuring = tokio::task::spawn_blocking(move || read(&reading, expected));
    let measured = measuring.await??;
    stop.store(true, Ordering::Relaxed);
    loading.await??;
    looping.await??;
    debug_assert_eq!(log.partitions(), 1);
    Ok(measured)
}

fn consumer(brokers: &str, group: &str, topic: &str) -> anyhow::Result<BaseConsumer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        // As Shoal's clients are set.
        .set("socket.nagle.disable", "true")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", "20");
    let consumer: BaseConsumer = config.create().context("making a consumer")?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(0))?;
    consumer.assign(&list)?;
    Ok(consumer)
}

fn producer(brokers: &str, group: &str) -> anyhow::Result<BaseProducer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("transactional.id", format!("{group}-bare"))
        .set("compression.type", "lz4")
        .set("socket.nagle.disable", "true")
        .set("retry.backoff.ms", "5")
        .set("linger.ms", "0");
    let producer: BaseProducer = config.create().context("making a producer")?;
    producer.init_transactions(TIMEOUT)?;
    Ok(producer)
}

fn run(
    consumer: &BaseConsumer,
    producer: &BaseProducer,
    input: &str,
    output: &str,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let group = consumer.group_metadata().context("the group has no name")?;
    while !stop.load(Ordering::Relaxed) {
        let mut next = None;
        let mut wait = FIRST;
        for _ in 0..MAX_RECORDS {
            let Some(message) = consumer.poll(wait) else { break };
            let message = message?;
            if next.is_none() {
                producer.begin_transaction()?;
            }
            (next, wait) = (Some(message.offset() + 1), Duration::ZERO);
            let at = record_appended_at(message.payload().unwrap_or_default())?.as_micros().to_be_bytes();
            let record = BaseRecord::to(output).partition(0).key(message.key().unwrap_or_default()).payload(&at[..]);
            producer.send(record).map_err(|(error, _)| error)?;
        }
        let Some(next) = next else { continue };
        let mut consumed = TopicPartitionList::new();
        consumed.add_partition_offset(input, 0, Offset::Offset(next))?;
        producer.send_offsets_to_transaction(&consumed, &group, TIMEOUT)?;
        // The binding's own flush sleeps a tenth of a second at a time.
        while producer.in_flight_count() > 0 {
            producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_micros(100));
        }
        producer.commit_transaction(TIMEOUT)?;
    }
    Ok(())
}

fn read(consumer: &BaseConsumer, expected: u64) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    while measured.count() < expected {
        let Some(message) = consumer.poll(TIMEOUT) else { continue };
        let at = message?.payload().and_then(|payload| payload.try_into().ok()).map(i64::from_be_bytes);
        measured.note(Timestamp::from_micros(at.context("a record of somebody else")?));
    }
    Ok(measured)
}
