//! Putting the parts together, and stopping them in order.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use bus::EventLog;
use service::config::HttpConfig;
use service::http::{bind, metrics_server_router, serve};
use store::Store;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use warehouse::Warehouse;

use crate::accept::Intake;
use crate::config::Config;
use crate::embedded::open;
use crate::identities::{Identities, IdentityResolver, ResolverTask, StoreResolver};
use crate::routes::{ApiState, Readiness, router};
use crate::warehouse_writer::{WriterHealth, WriterOptions, run_writer};

/// What the ingestion API works with.
pub struct Parts {
    /// Where events go.
    pub log: Arc<dyn EventLog>,
    /// Who knows identities.
    pub store: Arc<dyn Store>,
    /// What the warehouse writer fills; `None` where the log itself is the history.
    pub warehouse: Option<Arc<dyn Warehouse>>,
}

/// A started ingestion API.
pub struct Running {
    /// Where it takes events.
    pub http: SocketAddr,
    /// Where it shows its metrics.
    pub metrics: SocketAddr,
    /// Ends after shutdown, or when one of its tasks failed.
    pub task: JoinHandle<anyhow::Result<()>>,
}

/// The public router and the task it cannot do without.
pub struct Assembled {
    /// All routes of the public port.
    pub router: Router,
    /// Resolves unknown identities; to be run for as long as the router serves.
    pub resolver_task: ResolverTask,
}

/// Connects the public router to a log and to whoever resolves identities.
///
/// `shutdown` makes it not ready; serving and stopping are the caller's.
pub fn assemble(
    config: &Config,
    log: Arc<dyn EventLog>,
    resolver: Arc<dyn IdentityResolver>,
    shutdown: CancellationToken,
) -> Assembled {
    assemble_beside(config, resolver, Readiness { log, shutdown, history: WriterHealth::default() })
}

/// The same beside a warehouse writer.
fn assemble_beside(config: &Config, resolver: Arc<dyn IdentityResolver>, readiness: Readiness) -> Assembled {
    let (identities, resolver_task) = Identities::new(resolver, &config.identities);
    let log = readiness.log.clone();
    let state = ApiState::new(Intake::new(log, identities), config.ingest.clone(), config.http.max_body_bytes);
    Assembled { router: router(state, config, readiness), resolver_task }
}

/// Starts the ingestion API on the parts it is given; both ports are bound when it returns.
pub async fn start(config: Config, parts: Parts, shutdown: CancellationToken) -> anyhow::Result<Running> {
    refuse_other_partitions(&parts).await?;
    let http_listener = bind(config.http.address).await?;
    let metrics_listener = bind(config.metrics.address).await?;
    let (http, metrics_address) = (http_listener.local_addr()?, metrics_listener.local_addr()?);
    let resolver = Arc::new(StoreResolver::new(parts.store.clone(), config.identities.unknown_users));
    let stages = Stages::of(&shutdown);
    let history = WriterHealth::default();
    let readiness = Readiness { log: parts.log.clone(), shutdown, history: history.clone() };
    let assembled = assemble_beside(&config, resolver, readiness.clone());
    let metrics_router = metrics_server_router(move || readiness.clone().check());

    let mut tasks = JoinSet::new();
    tasks.spawn(serving(Stage::Front, http_listener, assembled.router, config.http.clone(), stages.front.clone()));
    tasks.spawn(serving(Stage::Back, metrics_listener, metrics_router, config.http.clone(), stages.back.clone()));
    tasks.spawn({
        let back = stages.back.clone();
        async move {
            assembled.resolver_task.run(back).await;
            (Stage::Back, Ok(()))
        }
    });
    if let Some(warehouse) = parts.warehouse {
        tasks.spawn(writing(parts.log, warehouse, config.writer_options(), stages.clone(), history));
    }
    tracing::info!(%http, metrics = %metrics_address, "ingestion API started");
    Ok(Running { http, metrics: metrics_address, task: tokio::spawn(stages.supervise(tasks)) })
}

/// Opens the parts that the configuration names, and runs until `shutdown`.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let parts = open(&config).await?;
    start(config, parts, shutdown).await?.task.await.context("waiting for the ingestion API")?
}

/// A warehouse that is away will be asked again by the writer; one that answers must fit.
async fn refuse_other_partitions(parts: &Parts) -> anyhow::Result<()> {
    let Some(warehouse) = &parts.warehouse else { return Ok(()) };
    let Ok(positions) = warehouse.positions().await else { return Ok(()) };
    let (installed, partitions) = (positions.len(), parts.log.partitions());
    anyhow::ensure!(
        installed == usize::from(partitions),
        "the warehouse has {installed} partitions and the log {partitions}; they were installed differently"
    );
    Ok(())
}

type Ended = (Stage, anyhow::Result<()>);

/// Runs the warehouse writer. When it fails for good somebody has to look, but websites must not
/// suffer for it: events are still accepted, and what is not written stays in the log.
async fn writing(
    log: Arc<dyn EventLog>,
    warehouse: Arc<dyn Warehouse>,
    options: WriterOptions,
    stages: Stages,
    health: WriterHealth,
) -> Ended {
    let written = run_writer(log, warehouse, options, stages.back.clone(), health.clone()).await;
    if let Err(error) = &written {
        if health.note().is_none() {
            health.stopped(error);
        }
        stages.front.cancelled().await;
    }
    (Stage::Back, written)
}

async fn serving(
    stage: Stage,
    listener: TcpListener,
    router: Router,
    config: HttpConfig,
    shutdown: CancellationToken,
) -> Ended {
    (stage, serve(listener, router, &config, shutdown).await)
}

/// What stops first, and what only when nobody needs it any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The public server.
    Front,
    /// What its requests need until the last one is answered.
    Back,
}

#[derive(Clone)]
struct Stages {
    front: CancellationToken,
    back: CancellationToken,
}

impl Stages {
    fn of(shutdown: &CancellationToken) -> Self {
        Self { front: shutdown.child_token(), back: CancellationToken::new() }
    }

    /// Waits for all tasks. Whichever ends, the others cannot go on without it: the front is asked
    /// to stop, and when it has, the back.
    async fn supervise(self, mut tasks: JoinSet<Ended>) -> anyhow::Result<()> {
        let mut result = Ok(());
        while let Some(joined) = tasks.join_next().await {
            self.front.cancel();
            let ended = match joined {
                Ok((Stage::Back, ended)) => ended,
                Ok((Stage::Front, ended)) => {
                    self.back.cancel();
                    ended
                }
                Err(panic) => {
                    self.back.cancel();
                    Err(panic).context("a task of the ingestion API")
                }
            };
            result = result.and(ended);
        }
        result
    }
}
