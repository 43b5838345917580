//! Topics that are not as they must be, and records that do not fit.

use bus::BusError;
use bus::conformance::PARTITIONS;
use bus::kafka::{KafkaLog, KafkaOptions};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use schema::{PartitionId, Topic, UserId};
use testkit::servers::{Kafka, KafkaSettings, or_not_run};

use crate::counting::{event, own, restore};
use crate::installed::OnKafka;

async fn refusal(options: KafkaOptions) -> String {
    match KafkaLog::open(options).await {
        Err(error @ BusError::Misfit(_)) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was opened"),
    }
}

async fn make(options: &KafkaOptions, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
    let mut config = ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> = config.set("bootstrap.servers", &options.brokers).create().unwrap();
    let name = format!("{}{topic}", options.topic_prefix);
    let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1)).set("max.message.bytes", "20000000");
    let new = settings.iter().fold(new, |new, (key, value)| new.set(key, value));
    let made = admin.create_topics(&[new], &AdminOptions::new()).await;
    assert!(made.unwrap().iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_partitions_is_refused() {
    let Some(installed) = OnKafka::new() else { return };
    drop(installed.log().await);
    let prefix = installed.options.topic_prefix.clone();
    let said = refusal(KafkaOptions { partitions: PARTITIONS + 1, ..installed.options.clone() }).await;
    let first = format!(
        "the log is set up differently: topic `{prefix}events` has 4 partitions and 5 are configured; the number is fixed"
    );
    assert!(said.starts_with(&first), "{said}");
    assert!(said.contains(&format!("topic `{prefix}segmenter-state` has 4 partitions")), "{said}");
    assert!(!said.contains("segmenter-status"), "it has one partition always: {said}");
    drop(installed.log().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_keep_the_wrong_records_are_refused() {
    let Some(installed) = OnKafka::new() else { return };
    make(&installed.options, "segmenter-state", i32::from(PARTITIONS), &[("cleanup.policy", "delete")]).await;
    make(&installed.options, "events", i32::from(PARTITIONS), &[("cleanup.policy", "compact")]).await;
    let prefix = installed.options.topic_prefix.clone();
    let said = refusal(installed.options).await;
    assert_eq!(
        said,
        format!(
            "the log is set up differently: topic `{prefix}events` has cleanup.policy=compact and needs delete; \
             topic `{prefix}segmenter-state` has cleanup.policy=delete and needs compact"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_would_lose_or_refuse_records_are_refused() {
    let Some(installed) = OnKafka::new() else { return };
    let partitions = i32::from(PARTITIONS);
    let small = [("retention.ms", "3600000"), ("retention.bytes", "1048576")];
    let unclean = [("cleanup.policy", "compact"), ("unclean.leader.election.enable", "true")];
    make(&installed.options, "events", partitions, &small).await;
    make(&installed.options, "segment-changes", partitions, &[("message.timestamp.type", "LogAppendTime")]).await;
    make(&installed.options, "errors", partitions, &[("max.message.bytes", "1000")]).await;
    make(&installed.options, "segmenter-state", partitions, &unclean).await;
    // More than is asked for is fine.
    make(&installed.options, "dead-letters", partitions, &[("retention.ms", "-1"), ("min.insync.replicas", "3")]).await;
    let options = KafkaOptions { max_record_bytes: 5_000_000, ..installed.options };
    let prefix = options.topic_prefix.clone();
    let said = refusal(options).await;
    assert_eq!(
        said,
        format!(
            "the log is set up differently: topic `{prefix}events` has retention.bytes=1048576 and needs -1; \
             topic `{prefix}events` has retention.ms=3600000 and 604800000 are configured; \
             topic `{prefix}segment-changes` has message.timestamp.type=LogAppendTime and needs CreateTime; \
             topic `{prefix}errors` has max.message.bytes=1000 and 5000000 are configured; \
             topic `{prefix}segmenter-state` has unclean.leader.election.enable=true and needs false"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_on_too_few_brokers_are_refused() {
    let Some(installed) = OnKafka::new() else { return };
    drop(installed.log().await);
    let prefix = installed.options.topic_prefix.clone();
    let refused = refusal(KafkaOptions { replication: 3, min_in_sync: 2, ..installed.options }).await;
    for told in [
        format!("topic `{prefix}events` has partitions with 1 replicas and 3 are configured"),
        format!("topic `{prefix}segmenter-state` has min.insync.replicas=1 and 2 are configured"),
    ] {
        assert!(refused.contains(&told), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topics_are_refused_when_they_are_not_to_be_made() {
    let Some(installed) = OnKafka::new() else { return };
    let said = refusal(KafkaOptions { create_topics: false, ..installed.options.clone() }).await;
    let prefix = installed.options.topic_prefix;
    assert!(
        said.starts_with(&format!("the log is set up differently: there is no topic `{prefix}events`, ")),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let Some(installed) = OnKafka::new() else { return };
    let options = KafkaOptions { max_record_bytes: 100_000, ..installed.options.clone() };
    let log = KafkaLog::open(options).await.unwrap();
    let partition = PartitionId(0);
    let mut owner = own(log.ownership(), partition).await;
    let small = |next_offset| bus::PartitionCommit { next_offset, ..bus::PartitionCommit::default() };
    owner.commit(small(1)).await.unwrap();
    let mut large = small(2);
    large.users = vec![(UserId(1), vec![7; 8]), (UserId(2), vec![7; 100_000])];
    let refused = owner.commit(large).await.unwrap_err();
    assert!(!refused.retryable());
    let topic = format!("{}segmenter-state", installed.options.topic_prefix);
    assert_eq!(
        refused.to_string(),
        format!("the record of `2` for `{topic}` has 100000 bytes and the log takes at most 100000")
    );
    let (restored, counts) = restore(&mut *owner).await.unwrap();
    assert_eq!((restored.next_offset, counts.len()), (1, 0));
    owner.commit(small(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_are_not_there_are_unavailable() {
    let options = KafkaOptions {
        brokers: "127.0.0.1:9".to_owned(),
        request_timeout: std::time::Duration::from_millis(300),
        ..KafkaOptions::default()
    };
    let refused = KafkaLog::open(options).await.err().unwrap();
    assert!(refused.retryable(), "{refused}");
    assert!(refused.to_string().contains("asking the brokers for topics"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_carry_their_user_as_key_and_when_they_were_received() {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::message::Message;

    let Some(installed) = OnKafka::new() else { return };
    let log = installed.log().await;
    let position = bus::EventLog::append(&log, vec![event(UserId(42), 1)]).await.unwrap()[0];
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &installed.options.brokers).set("group.id", "anybody");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = rdkafka::TopicPartitionList::new();
    let topic = format!("{}{}", installed.options.topic_prefix, Topic::Events.as_str());
    list.add_partition_offset(&topic, i32::from(position.partition.0), rdkafka::Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let message = consumer.poll(std::time::Duration::from_secs(30)).unwrap().unwrap();
    assert_eq!(message.key(), Some(&b"42"[..]));
    assert_eq!(message.timestamp().to_millis(), Some(1_900_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_so_that_no_limit_of_the_brokers_loses_records() {
    let configuration = "log.retention.bytes=1048576\nunclean.leader.election.enable=true";
    let settings = KafkaSettings { configuration, ..KafkaSettings::default() };
    let Some(kafka) = or_not_run(Kafka::start(&settings)) else { return };
    let installed = OnKafka::on(&kafka);
    drop(installed.log().await);
    // What somebody else made by the brokers' defaults is refused.
    let other = OnKafka::on(&kafka);
    make(&other.options, "events", i32::from(PARTITIONS), &[]).await;
    let refused = refusal(other.options.clone()).await;
    let prefix = other.options.topic_prefix;
    for told in ["retention.bytes=1048576 and needs -1", "unclean.leader.election.enable=true and needs false"] {
        assert!(refused.contains(&format!("topic `{prefix}events` has {told}")), "{refused}");
    }
}
