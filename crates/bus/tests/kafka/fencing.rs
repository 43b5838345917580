//! Two who think that a partition is theirs, and a commit that was only half made.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::kafka::{KafkaLog, KafkaOptions};
use bus::{BusError, EventLog as _, PartitionCommit};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schema::{PartitionId, Topic, UserId};
use tokio::time::Instant;

use crate::counting::{change, own, read_all, restore};
use crate::installed::OnKafka;

const PARTITION: PartitionId = PartitionId(1);
const ANA: UserId = UserId(1);

fn commit(next_offset: u64) -> PartitionCommit {
    PartitionCommit {
        next_offset,
        users: vec![(ANA, next_offset.to_be_bytes().to_vec())],
        changes: vec![change(ANA, next_offset)],
        ..PartitionCommit::default()
    }
}

async fn published(log: &KafkaLog) -> usize {
    read_all(log, Topic::SegmentChanges, PARTITION, u64::MAX, Instant::now()).await.len()
}

/// An owner that was stopped in the middle of a commit: everything is written, nothing committed.
fn write_half(options: &KafkaOptions) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &options.brokers).set("transactional.id", format!("{}-{PARTITION}", options.group));
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(Duration::from_secs(60)).unwrap();
    producer.begin_transaction().unwrap();
    for (topic, value) in [("segmenter-state", &b"\0\0\0\0\0\0\0\x09"[..]), ("segment-changes", b"{}")] {
        let topic = format!("{}{topic}", options.topic_prefix);
        let record = BaseRecord::to(&topic).partition(i32::from(PARTITION.0)).key("1").payload(value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(60)).unwrap();
    producer
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_commit_is_never_seen_and_stops_nobody() {
    let Some(installed) = OnKafka::new() else { return };
    let log = installed.log().await;
    let mut owner = own(log.ownership(), PARTITION).await;
    owner.commit(commit(1)).await.unwrap();
    let options = installed.options.clone();
    let half = tokio::task::spawn_blocking(move || write_half(&options)).await.unwrap();

    assert_eq!(published(&log).await, 1, "readers see what is committed");
    let fenced = owner.commit(commit(2)).await;
    assert!(matches!(fenced, Err(BusError::Fenced(PARTITION))), "got {fenced:?}");
    drop(owner);

    let mut owner = own(log.ownership(), PARTITION).await;
    let (restored, counts) = restore(&mut *owner).await.unwrap();
    assert_eq!((restored.next_offset, counts), (1, BTreeMap::from([(ANA, 1)])), "the half was undone");
    assert_eq!(published(&log).await, 1);
    owner.commit(commit(2)).await.unwrap();
    assert_eq!(published(&log).await, 2);
    let late = tokio::task::spawn_blocking(move || half.commit_transaction(Duration::from_secs(60))).await.unwrap();
    assert!(late.is_err(), "it comes back and is fenced");
    assert_eq!(published(&log).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_waiting_for_a_commit_may_repeat_it() {
    let Some(installed) = OnKafka::new() else { return };
    let log = installed.log().await;
    let mut owner = own(log.ownership(), PARTITION).await;
    owner.commit(commit(1)).await.unwrap();
    for next in 2..12 {
        // The commit goes on in the background, and may or may not take effect.
        let waited = Duration::from_micros(next * 500);
        match tokio::time::timeout(waited, owner.commit(commit(next))).await {
            // It was quicker than we were impatient: there is nothing to repeat.
            Ok(committed) => committed.unwrap(),
            Err(_) => owner.commit(commit(next)).await.unwrap(),
        }
        assert_eq!(published(&log).await as u64, next, "each change once");
    }
    let (restored, counts) = restore(&mut *owner).await.unwrap();
    assert_eq!((restored.next_offset, counts), (11, BTreeMap::from([(ANA, 11)])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_owner_commits_while_the_next_one_claims_is_restored() {
    let Some(installed) = OnKafka::new() else { return };
    let log = installed.log().await;
    for _ in 0..2 {
        // It has left the group, and does not stop before it is fenced.
        let mut leaving = own(log.ownership(), PARTITION).await;
        let first = restore(&mut *leaving).await.unwrap().0.next_offset;
        leaving.commit(commit(first + 1)).await.unwrap();
        let committing = tokio::spawn(async move {
            let mut last = first + 1;
            loop {
                match leaving.commit(commit(last + 1)).await {
                    Ok(()) => last += 1,
                    Err(error) => return (last, error),
                }
            }
        });
        let mut next = own(installed.log().await.ownership(), PARTITION).await;
        let (restored, counts) = restore(&mut *next).await.unwrap();
        let (last, error) = committing.await.unwrap();
        println!("commits {first} to {last}, then: {error}");
        assert!(matches!(error, BusError::Fenced(PARTITION)), "{error}");
        assert_eq!((restored.next_offset, counts), (last, BTreeMap::from([(ANA, last)])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_groups_offset_is_part_of_the_commit() {
    use rdkafka::consumer::{BaseConsumer, Consumer};

    let Some(installed) = OnKafka::new() else { return };
    let log = installed.log().await;
    let mut owner = own(log.ownership(), PARTITION).await;
    log.append(vec![crate::counting::event(ANA, 1)]).await.unwrap();
    owner.commit(commit(7)).await.unwrap();
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &installed.options.brokers)
        .set("group.id", &installed.options.group)
        .set("isolation.level", "read_committed");
    let topic = format!("{}events", installed.options.topic_prefix);
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create().unwrap();
        let mut list = rdkafka::TopicPartitionList::new();
        list.add_partition(&topic, i32::from(PARTITION.0));
        let list = consumer.committed_offsets(list, Duration::from_secs(60)).unwrap();
        list.elements()[0].offset()
    });
    assert_eq!(asked.await.unwrap(), rdkafka::Offset::Offset(7));
}
