//! From a data directory to Kafka and Postgres, and back.

use e2e::cluster::Cluster;
use e2e::committed::CommittedChanges;
use e2e::process::Installation;
use e2e::record::Recorded;
use std::path::Path;
use std::time::Duration;
use testkit::servers::{Kafka, Postgres, or_not_run};

use crate::SHOAL;
use crate::three_processes::{SERVICE, by_user};
use crate::transfer::{Clients, check_begins_with, check_changes, check_done, folder, shoal};

const PARTITIONS: u16 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_moves_to_kafka_and_postgres_and_back() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let (prefix, partitions) = (kafka.prefix(), PARTITIONS.to_string());
    let (brokers, group, store) = (kafka.brokers(), format!("{prefix}segmenter"), postgres.database());
    let servers = [
        ("BUS_BROKERS", brokers.as_str()),
        ("BUS_TOPIC_PREFIX", &prefix),
        ("BUS_GROUP", &group),
        ("STORE_URL", &store),
        ("SHOAL_PARTITIONS", &partitions),
    ];
    let alone = [("SHOAL_PARTITIONS", partitions.as_str())];

    let (folder, old, export) = folder("old");
    let old = old.with_environment("SHOAL_PARTITIONS", &partitions);
    let running = old.start().await.unwrap();
    let users = Clients::new(&running.places().ingestion, &running.places().config).fill().await;
    running.stop().await.unwrap();
    let (there, data) = (export.to_str().unwrap(), old.data());
    check_done(&shoal(&["export", there, "--data", data.to_str().unwrap()], &alone).await);
    check_done(&shoal(&["import", there], &servers).await);
    let before = Recorded::read_partitions(&old.data(), PARTITIONS).await.unwrap();

    let cluster = Cluster::new(SERVICE, &servers).unwrap();
    let [ingestion, config, segmenter] = cluster.start_each().await.unwrap();
    let clients = Clients::new(ingestion.url(), config.url());
    let newcomer = clients.goes_on(&users, "newcomer").await;
    let topic = format!("{prefix}segment-changes");
    let mut committed = CommittedChanges::open(&brokers, &topic, PARTITIONS).unwrap();
    let reading = move || committed.read_until_quiet(Duration::from_secs(1)).unwrap().to_vec();
    let on_kafka = by_user(&tokio::task::spawn_blocking(reading).await.unwrap());
    check_begins_with(&on_kafka, &before.changes());
    for service in [ingestion, config, segmenter] {
        service.stop().await.unwrap();
    }

    let (back, new_folder) = (folder.path().join("back"), folder.path().join("new"));
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder).with_environment("SHOAL_PARTITIONS", &partitions);
    let (back, data) = (back.to_str().unwrap(), new.data());
    check_done(&shoal(&["export", back], &servers).await);
    check_done(&shoal(&["import", back, "--data", data.to_str().unwrap()], &alone).await);
    let running = new.start().await.unwrap();
    let clients = Clients::new(&running.places().ingestion, &running.places().config);
    let mut users = users;
    users.insert("newcomer".to_owned(), newcomer);
    clients.goes_on(&users, "another").await;
    running.stop().await.unwrap();
    let after = Recorded::read_partitions(&new.data(), PARTITIONS).await.unwrap();
    check_changes(&after);
    check_begins_with(&after.changes(), &on_kafka);
}
