//! Starting and stopping the service: the composition root.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use bus::EventLog;
use schema::Definitions;
use store::Store;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use warehouse::Warehouse;

use crate::Config;
use crate::changes::{Tail, follow_ends};
use crate::definitions::{self, Feed};
use crate::projection::{self, Freshness, watch_statuses};
use crate::router::{ready, router};
use crate::segments::{KnownRules, Missing, Turns, watch_missing};
use crate::state::AppState;
use crate::users::append_pending;

/// How many explanations are computed at the same time: each can take a core for a second.
const EXPLANATIONS_AT_ONCE: usize = 2;

/// The neighbours this service works with.
#[derive(Clone)]
pub struct Parts {
    /// Definitions, users, memberships.
    pub store: Arc<dyn Store>,
    /// Where changes are read from and erasures are written to.
    pub log: Arc<dyn EventLog>,
    /// Where a user's events are read from.
    pub warehouse: Arc<dyn Warehouse>,
}

/// The running service.
pub struct Running {
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where metrics are read.
    pub metrics: SocketAddr,
    /// The definitions, moved on within milliseconds of a change made here.
    pub definitions: watch::Receiver<Arc<Definitions>>,
    /// Ends after shutdown, or with the reason why the service cannot go on.
    pub task: JoinHandle<anyhow::Result<()>>,
}

/// Opens the parts that the configuration names and serves until shutdown.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let directory = &config.embedded.directory;
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    let options = config.store_options();
    let store = store::open(&options).await.with_context(|| format!("opening the store {}", options.place()))?;
    let partitions = config.embedded.partitions;
    let log = bus::open(&config.bus, &directory.join("log"), partitions).await.context("opening the log")?;
    let warehouse = warehouse::open(&config.warehouse, &log, directory.join("history"))
        .await
        .context("opening the history")?
        .warehouse;
    let parts = Parts { store, log: log.log, warehouse };
    refuse_older_store(&parts).await?;
    let running = start(config, parts, shutdown).await?;
    running.task.await.context("waiting for the service")?
}

/// Refuses a store that was set back while log and history went on.
async fn refuse_older_store(Parts { store, log, warehouse }: &Parts) -> anyhow::Result<()> {
    let statuses = log.statuses().await.context("asking by which definitions memberships are decided")?;
    let seen = store::Seen {
        user_id: warehouse::greatest_user_id(log.as_ref(), warehouse.as_ref())
            .await
            .context("reading the log's end")?,
        erased: warehouse::count_erased(warehouse.as_ref()).await,
        generation: statuses.iter().map(|status| status.generation).max().unwrap_or_default(),
    };
    store::refuse_older(store.as_ref(), seen).await.context("comparing the store with the log")
}

/// Starts the service on parts that are open.
pub async fn start(config: Config, parts: Parts, shutdown: CancellationToken) -> anyhow::Result<Running> {
    let http_listener = service::http::bind(config.http.address).await?;
    let metrics_listener = service::http::bind(config.metrics.address).await?;
    let (http, metrics) = (http_listener.local_addr()?, metrics_listener.local_addr()?);
    let feed = Feed::open(parts.store.clone()).await.context("reading the definitions")?;
    let definitions = feed.subscribe();
    let state = state(config, parts, feed, shutdown.clone());

    let mut tasks = JoinSet::new();
    spawn_background(&mut tasks, &state);
    let metrics_state = state.clone();
    let metrics_router = service::http::metrics_server_router(move || ready(metrics_state.clone()));
    let (config, token) = (state.config.clone(), shutdown.clone());
    tasks.spawn(async move { service::http::serve(metrics_listener, metrics_router, &config.http, token).await });
    let (config, token) = (state.config.clone(), shutdown.clone());
    tasks.spawn(async move { service::http::serve(http_listener, router(state), &config.http, token).await });
    tracing::info!(%http, %metrics, "config-api listens");
    Ok(Running { http, metrics, definitions, task: tokio::spawn(finish(tasks, shutdown)) })
}

fn state(config: Config, parts: Parts, feed: Feed, shutdown: CancellationToken) -> AppState {
    let partitions = parts.log.partitions();
    AppState {
        previewing: Arc::new(Turns::new(&config.preview)),
        subscribers: Arc::new(Semaphore::new(config.changes.max_subscribers)),
        config: Arc::new(config),
        freshness: Arc::new(Freshness::new(partitions)),
        tail: Arc::new(Tail::new(partitions)),
        store: parts.store,
        log: parts.log,
        warehouse: parts.warehouse,
        feed,
        known_rules: KnownRules::default(),
        missing: Missing::default(),
        editing: Arc::default(),
        explaining: Arc::new(Semaphore::new(EXPLANATIONS_AT_ONCE)),
        shutdown,
    }
}

fn spawn_background(tasks: &mut JoinSet<anyhow::Result<()>>, state: &AppState) {
    let AppState { config, store, log, warehouse, feed, missing, freshness, tail, shutdown, .. } = state.clone();
    tasks.spawn(projection::run(store.clone(), log.clone(), freshness.clone(), shutdown.clone()));
    let announce = definitions::announce(feed.subscribe(), log.clone(), shutdown.clone());
    let poll = definitions::poll(feed, config.definitions.poll(), shutdown.clone());
    let statuses = watch_statuses(log.clone(), freshness, shutdown.clone());
    let missing = watch_missing(warehouse, missing, shutdown.clone());
    let ends = follow_ends(log.clone(), tail, shutdown.clone());
    let outbox = append_pending(store, log, shutdown);
    tasks.spawn(async move {
        tokio::join!(announce, poll, statuses, missing, ends, outbox);
        Ok(())
    });
}

/// Waits for all tasks. One that ends before shutdown takes the others with it: half a service would
/// look alive and be stale.
async fn finish(mut tasks: JoinSet<anyhow::Result<()>>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.context("a task panicked").and_then(|ended| ended);
        if outcome.is_ok() {
            outcome = ended;
        }
        shutdown.cancel();
    }
    outcome
}
