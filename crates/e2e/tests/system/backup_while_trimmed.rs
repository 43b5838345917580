//! A backup of services on Kafka whose retention removes events while it is made: Databend has them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::system::eventually;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schema::LogRecord;
use serde_json::{Value, json};
use shoal::client::IngestionClient;
use testkit::servers::{DatabendServer, Kafka, Postgres, or_not_run};
use tokio::task::JoinHandle;
use warehouse::databend::{Databend, DatabendOptions};

use crate::event;
use crate::three_processes::SERVICE;
use crate::transfer::{check_done, folder, shoal};

const PARTITIONS: u16 = 4;
const USERS: usize = 80;
const EVENTS_OF_EACH: usize = 5;
/// How long the brokers wait before they remove more.
const BREATH: Duration = Duration::from_millis(60);

/// The brokers' side of a topic: what an administrator may do with it.
#[derive(Clone)]
pub(crate) struct Retention {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    pub(crate) partitions: u16,
}

impl Retention {
    /// Removes what lies before an offset of each partition, as the age of records does.
    async fn trim(&self, before: i64) {
        self.trim_to(Offset::Offset(before)).await;
    }

    /// The same up to `Offset::End`, if that is what is named.
    pub(crate) async fn trim_to(&self, before: Offset) {
        let admin: AdminClient<DefaultClientContext> =
            ClientConfig::new().set("bootstrap.servers", &self.brokers).create().unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::from(self.partitions) {
            list.add_partition_offset(&self.topic, partition, before).unwrap();
        }
        admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    }

    /// Goes on removing, a little at a time.
    fn keep_trimming(&self, offsets: std::ops::Range<i64>) -> JoinHandle<()> {
        let retention = self.clone();
        tokio::spawn(async move {
            for before in offsets.step_by(2) {
                retention.trim(before).await;
                tokio::time::sleep(BREATH).await;
            }
        })
    }
}

/// Reads the records of a backup.
fn records(backup: &Path) -> Vec<LogRecord> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(backup.join("manifest.json")).unwrap()).unwrap();
    let mut records = Vec::new();
    for file in manifest["log"].as_array().unwrap().iter().flat_map(|log| log["events"]["files"].as_array().unwrap()) {
        let text = std::fs::read_to_string(backup.join(file["name"].as_str().unwrap())).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            records.push(LogRecord::decode(line["record"].as_str().unwrap().as_bytes()).unwrap());
        }
    }
    records
}

/// Sees that every event is there once, and what is known of everybody.
#[track_caller]
fn check_whole(backup: &Path) {
    let (mut events, mut known) = (BTreeSet::new(), BTreeSet::new());
    for record in records(backup) {
        match record {
            LogRecord::Event(event) => assert!(events.insert(event.event_id), "{event:?} is there twice"),
            LogRecord::Traits(said) if said.traits.as_str().contains("plan") => drop(known.insert(said.user_id)),
            LogRecord::Traits(_) | LogRecord::Deletion(_) => {}
        }
    }
    assert_eq!(
        (events.len(), known.len()),
        (USERS * EVENTS_OF_EACH, USERS),
        "events, and users of whom traits are known"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_has_every_event_that_kafka_removes_while_it_is_made() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let Some(databend) = or_not_run(DatabendServer::shared()) else { return };
    let (prefix, brokers, dsn) = (kafka.prefix(), kafka.brokers(), databend.database());
    let (group, store, partitions) = (format!("{prefix}segmenter"), postgres.database(), PARTITIONS.to_string());
    let environment = [
        ("BUS_BROKERS", brokers.as_str()),
        ("BUS_TOPIC_PREFIX", &prefix),
        ("BUS_GROUP", &group),
        ("STORE_URL", &store),
        ("SHOAL_PARTITIONS", &partitions),
        ("WAREHOUSE_URL", &dsn),
    ];
    let cluster = Cluster::new(SERVICE, &environment).unwrap();
    let [ingestion, config, segmenter] = cluster.start_each().await.unwrap();
    let client = IngestionClient::new(reqwest::Client::new(), ingestion.url());
    let http = reqwest::Client::new();
    for user in 0..USERS {
        let said = json!({ "id": format!("user-{user}"), "id_type": "cookie", "traits": { "plan": "pro" } });
        let answer = http.post(format!("{}/api/v1/identify", ingestion.url())).json(&said).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
    for turn in 0..EVENTS_OF_EACH {
        for user in 0..USERS {
            let view = json!({ "payload": { "activity_type": "page_viewed", "url": format!("/{turn}") } });
            client.post(&event(&format!("user-{user}"), "page_viewed", &view)).await.unwrap();
        }
    }
    let databend = Databend::new(DatabendOptions::parse(&dsn).unwrap()).unwrap();
    let all = Some((USERS * EVENTS_OF_EACH).to_string());
    let has_all =
        || async { Ok((databend.query("SELECT count(*) FROM events").await?.rows[0][0] == all).then_some(())) };
    eventually("all events to be on Databend", has_all).await.unwrap();

    let retention = Retention { brokers: brokers.clone(), topic: format!("{prefix}events"), partitions: PARTITIONS };
    retention.trim(3).await;
    let trimming = retention.keep_trimming(4..80);
    let (_folder, _, backup) = folder("old");
    check_done(&shoal(&["backup", "--to", backup.to_str().unwrap()], &environment).await);
    check_whole(&backup);
    trimming.abort();
    for service in [ingestion, config, segmenter] {
        service.stop().await.unwrap();
    }
}
