//! The composition: from a configuration and neighbours to a running segmenter.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use bus::Ownership;
use schema::Definitions;
use service::config::HttpConfig;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use warehouse::Warehouse;

use crate::board::{Board, Readiness};
use crate::catalogs::{self, CatalogFeed};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, EmbeddedConfig};
use crate::definitions;
use crate::history::History;
use crate::metrics::{self, Metrics};
use crate::partitions;
use crate::shared::Shared;
use crate::spill::DiskSpace;

/// What the segmenter stands on.
pub struct Parts {
    /// Hands out the partitions.
    pub ownership: Box<dyn Ownership>,
    /// Holds the history that new definitions read.
    pub warehouse: Arc<dyn Warehouse>,
    /// Brings the newest definitions.
    pub definitions: watch::Receiver<Arc<Definitions>>,
}

/// A segmenter that runs.
#[derive(Debug)]
pub struct Running {
    /// Where metrics and health are served.
    pub metrics: SocketAddr,
    /// Whether every owned partition is restored, or others own them all.
    pub ready: watch::Receiver<bool>,
    /// Ends after `shutdown`, when everything taken is committed; with an error when state is damaged.
    pub task: JoinHandle<anyhow::Result<()>>,
}

/// Starts a segmenter by the wall clock.
pub async fn start(config: Config, parts: Parts, shutdown: CancellationToken) -> anyhow::Result<Running> {
    start_with_clock(config, parts, Arc::new(SystemClock), shutdown).await
}

/// Starts a segmenter by any clock.
pub async fn start_with_clock(
    config: Config,
    parts: Parts,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
) -> anyhow::Result<Running> {
    let listener = service::http::bind(config.metrics.address).await.context("serving metrics")?;
    let metrics_address = listener.local_addr().context("serving metrics")?;
    let shared = Arc::new(share(&config, parts.warehouse, clock));
    metrics::watch_board(&shared.board, &shared.clock);
    let ready = shared.board.ready();
    let router = service::http::metrics_server_router(readiness(Arc::clone(&shared.board)));
    let task = tokio::spawn(async move {
        // Whoever ends first takes the other along: a segmenter without owners must not look alive.
        let stop = shutdown.child_token();
        let http = metrics_http(config.metrics.address);
        let serving = service::http::serve(listener, router, &http, stop.clone());
        let owning = async {
            let owned = own(parts.ownership, parts.definitions, shared, shutdown).await;
            stop.cancel();
            owned
        };
        let (served, owned) = tokio::join!(serving, owning);
        owned.and(served)
    });
    Ok(Running { metrics: metrics_address, ready, task })
}

/// Opens the parts that the configuration names and runs a segmenter on them until `shutdown`.
///
/// Definitions come through the log. One that belongs to this process alone brings none; then this goes
/// on with those of the last commit.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let EmbeddedConfig { directory, partitions } = &config.embedded;
    let log = bus::open(&config.bus, &directory.join("log"), *partitions).await.context("opening the log")?;
    let warehouse = warehouse::open(&config.warehouse, &log, directory.join("history"))
        .await
        .context("opening the history")?
        .warehouse;
    let (sender, definitions) = watch::channel(Arc::new(Definitions::default()));
    let _following = AbortOnDropHandle::new(tokio::spawn(definitions::follow(Arc::clone(&log.log), sender)));
    let parts = Parts { ownership: log.ownership(), warehouse, definitions };
    start(config, parts, shutdown).await?.task.await.context("running the segmenter")?
}

async fn own(
    ownership: Box<dyn Ownership>,
    definitions: watch::Receiver<Arc<Definitions>>,
    shared: Arc<Shared>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let (sender, receiver) = watch::channel(None);
    let feed = catalogs::feed(definitions, Arc::clone(&shared.catalogs), Arc::clone(&shared.metrics), sender);
    let _feeding = AbortOnDropHandle::new(tokio::spawn(feed));
    partitions::own(ownership, shared, CatalogFeed::new(receiver), shutdown).await
}

fn share(config: &Config, warehouse: Arc<dyn Warehouse>, clock: Arc<dyn Clock>) -> Shared {
    let limits = config.owner;
    Shared {
        limits,
        spill: config.spill.clone(),
        spill_space: Arc::new(DiskSpace::new(config.spill.disk_bytes)),
        clock,
        catalogs: Arc::default(),
        history: Arc::new(History::new(warehouse, limits.history_rows, limits.history_readers)),
        metrics: Arc::new(Metrics::new()),
        board: Arc::new(Board::new()),
        restores: Semaphore::new(limits.restores_at_once),
    }
}

fn readiness(
    board: Arc<Board>,
) -> impl Fn() -> std::future::Ready<Result<Option<&'static str>, String>> + Clone + Send + Sync + 'static {
    move || {
        std::future::ready(match board.readiness() {
            Readiness::Working => Ok(None),
            Readiness::Idle => Ok(Some("idle: others own every partition, and one of them comes when its owner goes")),
            Readiness::Restoring => Err("partitions are being restored".to_owned()),
            Readiness::Awaiting => Err("the log has not shared out its partitions yet".to_owned()),
        })
    }
}

/// The metrics server answers scrapers and probes: small, few, and quick to go.
fn metrics_http(address: SocketAddr) -> HttpConfig {
    HttpConfig {
        address,
        max_body_bytes: 1024,
        max_connections: 64,
        header_timeout_ms: 10_000,
        request_timeout_ms: 10_000,
        drain_ms: 1_000,
    }
}
