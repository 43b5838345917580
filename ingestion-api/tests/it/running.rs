//! The whole service on real ports: started, used, stopped, started again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use ingestion_api::{Config, Parts, start};
use schema::{PartitionId, Topic};
use store::sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use warehouse::Warehouse;
use warehouse::embedded::EmbeddedWarehouse;

use crate::app::{EVENTS, SAMPLE, config};

const PARTITIONS: u16 = 2;

fn free_ports() -> Config {
    let mut config = config();
    config.http.address = "127.0.0.1:0".parse().unwrap();
    config.metrics.address = "127.0.0.1:0".parse().unwrap();
    config
}

async fn parts(folder: &TempDir, warehouse_partitions: u16) -> Parts {
    let folder = folder.path();
    let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
    Parts {
        log: Arc::new(EmbeddedLog::open(folder.join("log"), options).unwrap()),
        store: Arc::new(SqliteStore::open(folder.join("shoal.sqlite")).await.unwrap()),
        warehouse: Some(Arc::new(EmbeddedWarehouse::open(folder.join("history"), warehouse_partitions).unwrap())),
    }
}

async fn exchange(address: std::net::SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn end(log: &dyn EventLog) -> u64 {
    let mut end = 0;
    for partition in 0..PARTITIONS {
        end += log.range(Topic::Events, PartitionId(partition)).await.unwrap().end;
    }
    end
}

async fn written(warehouse: &dyn Warehouse, count: u64) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while warehouse.positions().await.unwrap().iter().sum::<u64>() < count {
        assert!(Instant::now() < deadline, "the history was not written");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_there_after_a_restart_and_reaches_the_history() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=2 {
        let parts = parts(&folder, PARTITIONS).await;
        let (log, warehouse) = (parts.log.clone(), parts.warehouse.clone().unwrap());
        let shutdown = CancellationToken::new();
        let running = start(free_ports(), parts, shutdown.clone()).await.unwrap();
        let answer = exchange(running.http, "POST", EVENTS, SAMPLE).await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        assert_eq!(end(&*log).await, round);
        written(&*warehouse, round).await;
        let metrics = exchange(running.metrics, "GET", "/metrics", "").await;
        assert!(metrics.contains("shoal_ingest_events_accepted_total"), "{metrics}");
        let ready = exchange(running.metrics, "GET", "/readyz", "").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        shutdown.cancel();
        running.task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn parts_that_were_installed_differently_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(&folder, PARTITIONS + 1).await;
    let refused = start(free_ports(), parts, CancellationToken::new()).await.err().unwrap();
    assert!(refused.to_string().contains("installed differently"), "{refused}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = free_ports();
    config.http.address = taken.local_addr().unwrap();
    let refused = start(config, parts(&folder, PARTITIONS).await, CancellationToken::new()).await.err().unwrap();
    assert!(refused.to_string().contains(&taken.local_addr().unwrap().to_string()), "{refused}");
}
