//! How long a segmenter takes to come back, beside reading its state once.
//!
//! Users with a state each are made by a segmenter that stops then in order. By turns, a bare consumer reads
//! the topic of states from end to end, and a segmenter starts: it is back when a change comes, in every
//! partition, of an event that was appended before its start.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bus::EventLog as _;
use bus::kafka::KafkaLog;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use schema::{PartitionId, Topic, partition_of};

use crate::load;
use crate::segmenting::Segmenter;

const ASKING: Duration = Duration::from_secs(10);
const WAIT: Duration = Duration::from_millis(20);
/// How long a reading or a start may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a bare consumer found.
struct State {
    records: u64,
    bytes: u64,
    took: Duration,
    cpu: Duration,
}

/// Measures that many times and prints it.
#[expect(clippy::print_stdout, reason = "figures are what it is for")]
pub(crate) async fn measure(program: &Path, log: &KafkaLog, users: u64, rounds: u32) -> anyhow::Result<()> {
    let mut segmenter = Segmenter::deciding(program, log).await?;
    let begun = Instant::now();
    load::backlog(log, users, users).await?;
    let mut ends = Vec::new();
    for partition in (0..log.partitions()).map(PartitionId) {
        ends.push(log.range(Topic::Events, partition).await?.end);
    }
    segmenter.until(log, |status| status.next_offset >= ends[usize::from(status.partition.0)]).await?;
    let took = begun.elapsed();
    segmenter.stop().await?;
    println!("restart: users={users} made_in={:.1}s ({:.0}/s)", took.as_secs_f64(), users as f64 / took.as_secs_f64());
    let mut ratios = Vec::new();
    for round in 0..rounds {
        let state = read_state(log).await?;
        let (back, cpu) = restart(program, log, users, round).await?;
        let ratio = back.as_secs_f64() / state.took.as_secs_f64().max(f64::MIN_POSITIVE);
        ratios.push(ratio);
        println!(
            "restart: round={round} state_records={} state_MB={:.0} bare_read={:.2}s (cpu {:.2}s) \
             segmenter_back={:.2}s (cpu {:.2}s) ratio={ratio:.2}",
            state.records,
            state.bytes as f64 / 1e6,
            state.took.as_secs_f64(),
            state.cpu.as_secs_f64(),
            back.as_secs_f64(),
            cpu.as_secs_f64()
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!("restart: median_ratio={:.2}", ratios.get(ratios.len() / 2).copied().unwrap_or_default());
    Ok(())
}

/// Returns how long it took from the start of the process to the changes of events that waited for it, and the
/// processor's time that it had by then.
async fn restart(program: &Path, log: &KafkaLog, users: u64, round: u32) -> anyhow::Result<(Duration, Duration)> {
    let partitions = log.partitions();
    let mut before = Vec::new();
    for partition in (0..partitions).map(PartitionId) {
        before.push(log.range(Topic::SegmentChanges, partition).await?.end);
        let nth = (1..).find(|id| partition_of(schema::UserId(*id), partitions) == partition).unwrap_or(1);
        // The user's next turn: every turn flips.
        let number = u64::try_from(nth - 1)? + users * u64::from(round + 1);
        log.append(vec![load::event(number, users)]).await.context("appending")?;
    }
    let begun = Instant::now();
    let segmenter = Segmenter::start(program, log)?;
    for (partition, before) in (0..partitions).map(PartitionId).zip(before) {
        let waiting = tokio::time::timeout(PATIENCE, log.wait_for(Topic::SegmentChanges, partition, before)).await;
        waiting.context("no change came after the start")??;
    }
    let took = begun.elapsed();
    let cpu = cpu_of(&segmenter.id()?.to_string())?;
    segmenter.stop().await?;
    Ok((took, cpu))
}

/// Returns how long a process has had the processor: what others do on the machine changes that least.
fn cpu_of(process: &str) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).context("asking for the processor's time")?;
    // Behind the name, which may have spaces: user and system time are the 12th and 13th field, in hundredths.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let hundredths = fields.map(str::parse::<u64>).sum::<Result<u64, _>>().context("reading the processor's time")?;
    Ok(Duration::from_millis(hundredths * 10))
}

/// Reads the topic of states once, and does nothing with it.
async fn read_state(log: &KafkaLog) -> anyhow::Result<State> {
    let options = log.options().clone();
    let (topic, partitions) = (format!("{}segmenter-state", options.topic_prefix), i32::from(log.partitions()));
    let reading = tokio::task::spawn_blocking(move || {
        let (begun, cpu) = (Instant::now(), cpu_of("self")?);
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &options.brokers)
            .set("group.id", format!("{}bare", options.group))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("socket.nagle.disable", "true")
            .set("fetch.wait.max.ms", "20")
            .create()
            .context("making a consumer")?;
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            consumer.fetch_watermarks(&topic, partition, ASKING).context("asking where the state ends")?;
            list.add_partition_offset(&topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&list)?;
        let mut state = read_to_the_ends(&consumer, partitions, begun)?;
        state.cpu = cpu_of("self")?.saturating_sub(cpu);
        Ok(state)
    });
    reading.await?
}

fn read_to_the_ends(consumer: &BaseConsumer, partitions: i32, begun: Instant) -> anyhow::Result<State> {
    let (mut records, mut bytes, mut ended) = (0, 0, 0);
    while ended < partitions {
        ensure!(begun.elapsed() < PATIENCE, "the state has no end");
        match consumer.poll(WAIT) {
            None => {}
            Some(Ok(message)) => {
                records += 1;
                bytes += (message.payload_len() + message.key_len()) as u64;
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => return Err(error).context("reading the state"),
        }
    }
    Ok(State { records, bytes, took: begun.elapsed(), cpu: Duration::ZERO })
}
