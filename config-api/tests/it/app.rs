//! One config API per test, in a folder of its own; it can be stopped and started again.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use config_api::{Config, Parts, Running};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use store::Store as _;
use store::sqlite::SqliteStore;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use warehouse::Warehouse;
use warehouse::embedded::EmbeddedWarehouse;

/// Few, so that all of them are busy.
pub(crate) const PARTITIONS: u16 = 4;
/// How long a test waits for what should happen soon.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct TestApp {
    pub(crate) running: Running,
    pub(crate) store: SqliteStore,
    pub(crate) log: EmbeddedLog,
    pub(crate) warehouse: EmbeddedWarehouse,
    pub(crate) client: reqwest::Client,
    pub(crate) folder: Arc<TempDir>,
    shutdown: CancellationToken,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        self.json
    }

    /// Checks that it is a problem of that kind and returns it.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.json["code"].as_str()), (status, Some(code)), "{}", self.json);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json["status"], status);
        self.json
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

pub(crate) fn config() -> Config {
    let mut config: Config = service::config::defaults().unwrap();
    config.http.address = "127.0.0.1:0".parse().unwrap();
    config.metrics.address = "127.0.0.1:0".parse().unwrap();
    config.http.drain_ms = 5_000;
    config
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), config).await
    }

    pub(crate) async fn start_in(folder: Arc<TempDir>, config: Config) -> Self {
        Self::start_over(folder, config, |log| Arc::new(log)).await
    }

    /// Starts with a log that stands before the real one.
    pub(crate) async fn start_over(
        folder: Arc<TempDir>,
        config: Config,
        log_of: impl FnOnce(EmbeddedLog) -> Arc<dyn EventLog>,
    ) -> Self {
        Self::start_over_both(folder, config, log_of, |history| Arc::new(history)).await
    }

    /// Starts with a log and a history that stand before the real ones.
    pub(crate) async fn start_over_both(
        folder: Arc<TempDir>,
        config: Config,
        log_of: impl FnOnce(EmbeddedLog) -> Arc<dyn EventLog>,
        history_of: impl FnOnce(EmbeddedWarehouse) -> Arc<dyn Warehouse>,
    ) -> Self {
        let store = SqliteStore::open(store_file(&folder)).await.unwrap();
        let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(folder.path().join("log"), options).unwrap();
        let warehouse = EmbeddedWarehouse::open(folder.path().join("history"), PARTITIONS).unwrap();
        let parts = Parts {
            store: Arc::new(store.clone()),
            log: log_of(log.clone()),
            warehouse: history_of(warehouse.clone()),
        };
        let shutdown = CancellationToken::new();
        let running = config_api::start(config, parts, shutdown.clone()).await.unwrap();
        Self { running, store, log, warehouse, client: reqwest::Client::new(), folder, shutdown }
    }

    /// Stops it and gives back the folder with all that is durable.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.shutdown.cancel();
        self.running.task.await.unwrap().unwrap();
        self.log.close().await.unwrap();
        self.store.close().await;
        self.folder
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.running.http))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(json!(text)) };
        Answer { status, headers, json }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Creates a segment and returns its id.
    pub(crate) async fn segment(&self, tag: &str) -> i64 {
        let body = json!({ "tag": tag, "whereStatement": "region = 'California'" });
        self.post("/api/v1/segments", body).await.expect(201)["id"].as_i64().unwrap()
    }
}

pub(crate) fn store_file(folder: &TempDir) -> PathBuf {
    folder.path().join("shoal.sqlite")
}

/// Asks again and again until `probe` has an answer; panics with `what` when it takes too long.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = probe().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, asking).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
