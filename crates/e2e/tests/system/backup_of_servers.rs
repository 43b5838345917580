//! A backup of the services apart, on Kafka and Postgres, while events arrive; restored to others with a Databend.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::cluster::Cluster;
use e2e::committed::CommittedChanges;
use e2e::now;
use e2e::system::eventually;
use schema::{SegmentChange, UserId};
use testkit::servers::{DatabendServer, Kafka, Postgres, or_not_run};
use warehouse::databend::{Databend, DatabendOptions};

use crate::backup::{EVENTS, FREQUENT, NEWS, Traffic, send_again};
use crate::three_processes::{SERVICE, by_user};
use crate::transfer::{Clients, check_begins_with, check_done, folder, shoal};

const PARTITIONS: u16 = 4;

/// Topics, a group and a database of one installation.
struct Servers {
    environment: Vec<(&'static str, String)>,
    brokers: String,
    prefix: String,
}

impl Servers {
    fn new(kafka: &Kafka, postgres: &Postgres) -> Self {
        let (prefix, brokers) = (kafka.prefix(), kafka.brokers());
        let environment = vec![
            ("BUS_BROKERS", brokers.clone()),
            ("BUS_TOPIC_PREFIX", prefix.clone()),
            ("BUS_GROUP", format!("{prefix}segmenter")),
            ("STORE_URL", postgres.database()),
            ("SHOAL_PARTITIONS", PARTITIONS.to_string()),
        ];
        Self { environment, brokers, prefix }
    }

    fn environment(&self) -> Vec<(&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Reads everything that is published up to now.
    async fn changes(&self) -> BTreeMap<UserId, Vec<SegmentChange>> {
        let topic = format!("{}segment-changes", self.prefix);
        let mut committed = CommittedChanges::open(&self.brokers, &topic, PARTITIONS).unwrap();
        let reading = move || committed.read_until_quiet(Duration::from_secs(1)).unwrap().to_vec();
        by_user(&tokio::task::spawn_blocking(reading).await.unwrap())
    }
}

#[track_caller]
fn check_gapless(changes: &BTreeMap<UserId, Vec<SegmentChange>>) {
    for (user_id, changes) in changes {
        let mut segments = BTreeSet::new();
        for (seq, change) in (1..).zip(changes) {
            assert_eq!(change.seq, seq, "user {user_id}: {changes:#?}");
            assert!(change.in_segments.iter().all(|id| segments.insert(*id)), "user {user_id}: {changes:#?}");
            assert!(change.out_segments.iter().all(|id| segments.remove(id)), "user {user_id}: {changes:#?}");
        }
    }
}

/// Sees that Databend names those by the SQL of a segment whom look-ups name.
async fn check_sql(databend: &Databend, clients: &Clients, (tag, clause): (&str, &str)) {
    let rule = rules::compile(clause).rule.unwrap();
    let members = clients.members(tag).await.unwrap();
    let named = || async {
        let named = databend.user_ids(&rules::render::databend(&rule, now())).await?;
        Ok((named.into_iter().collect::<BTreeSet<UserId>>() == members).then_some(()))
    };
    eventually(tag, named).await.unwrap();
}

/// Sees that each event comes to be in Databend, once: segments may be as they should before the last of them is.
async fn check_counted(databend: &Databend) {
    let counted = || async {
        let counted = databend.query("SELECT count(*), count(DISTINCT event_id) FROM events").await?;
        let [Some(rows), Some(events)] = &counted.rows[0][..] else { panic!("{counted:?}") };
        assert_eq!(rows, events, "an event is there twice");
        Ok((*rows == EVENTS.to_string()).then_some(()))
    };
    eventually("each event is there once", counted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_running_services_goes_on_on_other_servers() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let Some(databend) = or_not_run(DatabendServer::shared()) else { return };
    let (_folder, _, backup) = folder("old");
    let backup = backup.to_str().unwrap();

    let old = Servers::new(kafka, postgres);
    let cluster = Cluster::new(SERVICE, &old.environment()).unwrap();
    let [ingestion, config, segmenter] = cluster.start_each().await.unwrap();
    let clients = Clients::new(ingestion.url(), config.url());
    clients.create(FREQUENT.0, FREQUENT.1).await;
    clients.create(NEWS.0, NEWS.1).await;
    let traffic = Traffic::to(ingestion.url());
    traffic.until(150).await;
    let before = traffic.accepted();
    check_done(&shoal(&["backup", "--to", backup], &old.environment()).await);
    assert!(traffic.accepted() > before, "nobody waits for a backup");
    ingestion.kill().await.unwrap();
    let known = traffic.ended().await;
    segmenter.stop().await.unwrap();
    config.stop().await.unwrap();
    let source = old.changes().await;
    check_gapless(&source);

    let dsn = databend.database();
    let mut new = Servers::new(kafka, postgres);
    new.environment.push(("WAREHOUSE_URL", dsn.clone()));
    check_done(&shoal(&["restore", "--from", backup], &new.environment()).await);
    let restored = new.changes().await;
    check_begins_with(&source, &restored);

    let cluster = Cluster::new(SERVICE, &new.environment()).unwrap();
    let [ingestion, config, segmenter] = cluster.start_each().await.unwrap();
    let clients = Clients::new(ingestion.url(), config.url());
    // Whoever came after the backup is unknown, and may be anybody else.
    let known = known.into_iter().filter(|(_, user_id)| restored.contains_key(user_id)).collect();
    send_again(&clients, ingestion.url(), &known).await;
    let databend = Databend::new(DatabendOptions::parse(&dsn).unwrap()).unwrap();
    check_sql(&databend, &clients, FREQUENT).await;
    check_sql(&databend, &clients, NEWS).await;
    check_counted(&databend).await;
    let later = new.changes().await;
    check_gapless(&later);
    check_begins_with(&later, &restored);
    for service in [ingestion, config, segmenter] {
        service.stop().await.unwrap();
    }
    let mut environment = new.environment();
    environment.retain(|(name, _)| *name == "STORE_URL");
    check_done(&shoal(&["store", "verify"], &environment).await);
}
