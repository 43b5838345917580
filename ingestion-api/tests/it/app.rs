//! One ingestion API per test: a router, a log, a store, all in a folder of their own.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::meddled::MeddledLog;
use ingestion_api::identities::{IdentityResolver, StoreResolver};
use ingestion_api::{Assembled, Config, UnknownUsers, assemble};
use schema::{Event, LogRecord, PartitionId, Topic};
use serde_json::Value;
use store::Store;
use store::sqlite::SqliteStore;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::fakes::{FakeResolver, Faults};

/// Few, so that reading all of them is quick.
const PARTITIONS: u16 = 4;

pub(crate) const EVENTS: &str = "/api/v1/events";
pub(crate) const BATCH: &str = "/api/v1/events/batch";

/// The body that the API's description shows.
pub(crate) const SAMPLE: &str = r#"{ "id": "c1d1caef-b216-4fca-bd2d-d776bd6204d6", "id_type": "cookie",
  "region": "California", "device_type": "mobile", "country": "US",
  "created_at": "2023-10-31T00:00:00",
  "payload": { "activity_type": "page_viewed", "url": "http://myawesomeproduct",
               "order_total": "", "order_id": "", "element_id": "" } }"#;

pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) log: Arc<MeddledLog<Faults>>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) resolver: Arc<FakeResolver>,
    _shutdown: tokio_util::sync::DropGuard,
    _folder: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn config() -> Config {
    Config::defaults().unwrap()
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub(crate) async fn rejecting_unknown_users() -> Self {
        let mut config = config();
        config.identities.unknown_users = UnknownUsers::Reject;
        Self::start_with(config).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(folder.path().join("log"), options).unwrap();
        let log = Arc::new(MeddledLog { log, meddler: Faults::none() });
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path().join("shoal.sqlite")).await.unwrap());
        let resolver = Arc::new(FakeResolver::over(StoreResolver::new(store.clone(), config.identities.unknown_users)));
        let shutdown = CancellationToken::new();
        let Assembled { router, resolver_task } = assemble(
            &config,
            log.clone() as Arc<dyn EventLog>,
            resolver.clone() as Arc<dyn IdentityResolver>,
            shutdown.clone(),
        );
        tokio::spawn(resolver_task.run(shutdown.clone()));
        Self { router, log, store, resolver, _shutdown: shutdown.drop_guard(), _folder: folder }
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.call(request(Method::POST, path, body)).await
    }

    /// Posts an event that must be accepted, and returns its user.
    pub(crate) async fn accept(&self, body: &str) -> i64 {
        let answer = self.post(EVENTS, body.to_owned()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{} {}", body, answer.text);
        answer.json()["user_id"].as_i64().unwrap()
    }

    /// Returns how many records a topic has.
    pub(crate) async fn count(&self, topic: Topic) -> u64 {
        let mut count = 0;
        for partition in 0..PARTITIONS {
            let range = self.log.range(topic, PartitionId(partition)).await.unwrap();
            count += range.end;
        }
        count
    }

    /// Returns the texts of all records of a topic.
    pub(crate) async fn values(&self, topic: Topic) -> Vec<String> {
        let mut values = Vec::new();
        for partition in 0..PARTITIONS {
            let records = self.log.read(topic, PartitionId(partition), 0, 10_000).await.unwrap();
            values.extend(records.into_iter().map(|record| String::from_utf8(record.value.to_vec()).unwrap()));
        }
        values
    }

    /// Returns all stored records; of one user in the order in which they came.
    pub(crate) async fn records(&self) -> Vec<LogRecord> {
        let values = self.values(Topic::Events).await;
        values.into_iter().map(|value| LogRecord::decode(value.as_bytes()).unwrap()).collect()
    }

    /// Returns all stored events.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let decode = |value: String| match LogRecord::decode(value.as_bytes()).unwrap() {
            LogRecord::Event(event) => event,
            other => panic!("{other:?} is no event"),
        };
        self.values(Topic::Events).await.into_iter().map(decode).collect()
    }
}

pub(crate) fn request(method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

/// An event of that user with that payload text.
pub(crate) fn event(id: &str, payload: &str) -> String {
    format!(r#"{{"id":"{id}","id_type":"cookie","payload":{payload}}}"#)
}
