//! A Postgres that was set back while the log went on is refused before it gives an id again.

use std::sync::Arc;
use std::time::Duration;

use bus::EventLog as _;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use config_api::Config;
use schema::{Event, EventId, LogRecord, Timestamp, UserId};
use store::{StoreOptions, UserProfile};
use tempfile::TempDir;
use testkit::servers::{Postgres, or_not_run};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{PARTITIONS, config};

/// Makes users in a database until the last of them is `last`, and lets go of it.
async fn users_up_to(url: &str, last: i64) {
    let options = StoreOptions {
        url: url.to_owned(),
        file: "".into(),
        max_connections: 2,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: Duration::from_secs(30),
    };
    let store = store::open(&options).await.unwrap();
    while store.greatest_user_id().await.unwrap() < Some(UserId(last)) {
        store.create_user(&UserProfile::default()).await.unwrap();
    }
    store.close().await;
}

/// Runs the service on a database, and returns why it ended, if it did so before it served.
async fn run_on(folder: &TempDir, url: &str) -> Option<String> {
    let mut config: Config = config();
    config.embedded.directory = folder.path().to_owned();
    config.embedded.partitions = PARTITIONS;
    config.store.url = serde_json::from_value(url.into()).unwrap();
    let metrics = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    config.metrics.address = metrics;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(config_api::run(config, shutdown.clone()));
    let serving = crate::app::eventually("it to serve or to end", async || {
        let answer = reqwest::get(format!("http://{metrics}/healthz")).await;
        (answer.is_ok() || running.is_finished()).then_some(())
    });
    serving.await;
    shutdown.cancel();
    running.await.unwrap().err().map(|error| format!("{error:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_was_set_back_is_refused_before_it_gives_ids_again() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let (folder, url) = (tempfile::tempdir().unwrap(), server.database());
    users_up_to(&url, 3).await;
    let older = tokio::task::block_in_place(|| server.copy(&url));
    users_up_to(&url, 5).await;
    let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
    let log = Arc::new(EmbeddedLog::open(folder.path().join("log"), options).unwrap());
    let event = |user_id| {
        let event_id = EventId(Uuid::from_u128(user_id as u128));
        LogRecord::Event(Event::new(event_id, UserId(user_id), "page_viewed", Timestamp::from_micros(1)))
    };
    log.append(vec![event(1), event(5), event(2)]).await.unwrap();
    log.close().await.unwrap();
    drop(log);

    let why = run_on(&folder, &older).await.expect("a refusal");
    assert!(why.contains("user 5 has events and its last user is 3, so ids would be given again"), "{why}");
    assert!(why.contains("docs/backup.md"), "{why}");
    assert_eq!(run_on(&folder, &url).await, None, "with its own store it runs");
}
