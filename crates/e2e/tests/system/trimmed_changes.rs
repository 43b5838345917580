//! Brokers that keep changes for less long than config-api was away, or than nothing happened.

use std::collections::BTreeSet;

use rdkafka::Offset;
use reqwest::StatusCode;
use shoal::client::{ChangeStream, IngestionClient};
use testkit::servers::{Kafka, Postgres, or_not_run};

use crate::backup_while_trimmed::Retention;
use crate::three_processes::{Installation, SERVICE, receive};

const PARTITIONS: u16 = 3;
const USERS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn config_api_goes_on_whatever_kafka_has_removed_of_the_changes() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let (prefix, brokers, partitions) = (kafka.prefix(), kafka.brokers(), PARTITIONS.to_string());
    let (group, store) = (format!("{prefix}segmenter"), postgres.database());
    let environment = [
        ("BUS_BROKERS", brokers.as_str()),
        ("BUS_TOPIC_PREFIX", &prefix),
        ("BUS_GROUP", &group),
        ("STORE_URL", &store),
        ("SHOAL_PARTITIONS", &partitions),
    ];
    let cluster = e2e::cluster::Cluster::new(SERVICE, &environment).unwrap();
    let [ingestion, config, segmenter] = cluster.start_each().await.unwrap();
    let topic = format!("{prefix}segment-changes");
    let installation = Installation {
        ingestion: IngestionClient::new(cluster.http().clone(), ingestion.url()),
        config: config.url().to_owned(),
        cluster,
        brokers: brokers.clone(),
        topic: topic.clone(),
    };
    let retention = Retention { brokers: brokers.clone(), topic, partitions: PARTITIONS };
    let once = installation.create("once", "count(*) >= 1").await;
    let twice = installation.create("twice", "count(*) >= 2").await;
    let subscribe =
        async |seen: &str| ChangeStream::open(installation.http(), &installation.config, Some(seen)).await.unwrap();
    let mut stream = ChangeStream::open(installation.http(), &installation.config, None).await.unwrap();
    let mut users = BTreeSet::new();
    for number in 0..USERS {
        users.insert(installation.post(&format!("visitor-{number}")).await);
    }
    drop(receive(&mut stream, USERS).await);
    let seen = stream.last_event_id().unwrap().to_owned();
    drop(stream);
    assert_eq!(installation.until_fresh(once).await, USERS as u64);

    // Everything expired, and everybody had seen it: nothing is missing, for a start and for subscribers.
    retention.trim_to(Offset::End).await;
    let seat = config.seat().clone();
    config.stop().await.unwrap();
    let config = seat.start().await.unwrap();
    assert_eq!(installation.until_fresh(once).await, USERS as u64);
    let mut stream = subscribe(&seen).await;
    let entered = installation.post("visitor-0").await;
    let change = receive(&mut stream, 1).await.remove(0);
    assert_eq!((change.user_id, change.in_segments), (entered, vec![twice]));
    drop(stream);
    assert_eq!(installation.until_fresh(twice).await, 1);
    let said = seat.said();
    assert!(!said.contains("trimmed before they were projected"), "nothing was missed: {said}");

    // What happens while it is away expires before it is back.
    config.stop().await.unwrap();
    for number in 1..USERS {
        installation.post(&format!("visitor-{number}")).await;
    }
    let mut committed = e2e::committed::CommittedChanges::open(&brokers, &retention.topic, PARTITIONS).unwrap();
    let entered =
        move || committed.read_until(crate::three_processes::PATIENCE, |changes| changes.len() == USERS).unwrap().len();
    assert_eq!(tokio::task::spawn_blocking(entered).await.unwrap(), USERS);
    retention.trim_to(Offset::End).await;
    let config = seat.start().await.unwrap();
    assert_eq!(installation.until_fresh(twice).await, USERS as u64);
    assert_eq!(installation.until_fresh(once).await, USERS as u64);
    let resumed = installation.http().get(format!("{}/api/v1/changes", installation.config));
    let answer = resumed.header("last-event-id", &seen).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::GONE, "{}", answer.text().await.unwrap());

    for service in [ingestion, config, segmenter] {
        service.stop().await.unwrap();
    }
}
