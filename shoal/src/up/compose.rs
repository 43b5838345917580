//! The three services on one set of parts: the composition root of the embedded form.

use std::sync::Arc;

use anyhow::Context as _;
use service::telemetry::Telemetry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::UpArgs;
use super::parts::Parts;
use super::places::Places;

/// The configuration of each service, as it would have on its own.
pub(super) struct UpConfig {
    ingestion: ingestion_api::Config,
    config: config_api::Config,
    segmenter: segmenter::Config,
}

impl UpConfig {
    /// Reads defaults, file and environment of all services, then puts the arguments on top.
    pub(super) fn load(args: &UpArgs) -> anyhow::Result<Self> {
        let mut loaded = Self {
            ingestion: service::config::load().context("ingestion-api")?,
            config: service::config::load().context("config-api")?,
            segmenter: service::config::load().context("segmenter")?,
        };
        loaded.place(args);
        Ok(loaded)
    }

    fn place(&mut self, args: &UpArgs) {
        if args.free_ports {
            self.ingestion.http.address.set_port(0);
            self.config.http.address.set_port(0);
            for metrics in [&mut self.ingestion.metrics, &mut self.config.metrics, &mut self.segmenter.metrics] {
                metrics.address.set_port(0);
            }
        }
        if let Some(port) = args.ingestion_port {
            self.ingestion.http.address.set_port(port);
        }
        if let Some(port) = args.config_port {
            self.config.http.address.set_port(port);
        }
    }

    /// Starts logs, metrics and traces for the whole process.
    pub(super) fn start_telemetry(&self) -> anyhow::Result<Telemetry> {
        service::telemetry::init(&self.ingestion.telemetry).context("starting telemetry")
    }
}

/// The running services.
pub(super) struct Services {
    places: Places,
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
}

/// Starts config-api (which knows the definitions), then segmenter and ingestion-api.
pub(super) async fn start(
    config: UpConfig,
    parts: Parts,
    shutdown: CancellationToken,
) -> anyhow::Result<Services> {
    let Parts { log, warehouse, store } = parts;
    let definitions = config_api::start(
        config.config,
        config_api::Parts { store: store.clone(), log: Arc::new(log.clone()), warehouse: warehouse.clone() },
        shutdown.clone(),
    )
    .await
    .context("starting config-api")?;
    let segmentation = segmenter::start(
        config.segmenter,
        segmenter::Parts {
            ownership: Box::new(log.ownership()),
            warehouse: warehouse.clone(),
            definitions: definitions.definitions.clone(),
        },
        shutdown.clone(),
    )
    .await
    .context("starting segmenter")?;
    let ingestion = ingestion_api::start(
        config.ingestion,
        ingestion_api::Parts { log: Arc::new(log), store, warehouse },
        shutdown,
    )
    .await
    .context("starting ingestion-api")?;

    let metrics = [ingestion.metrics, definitions.metrics, segmentation.metrics];
    let places = Places::new(ingestion.http, definitions.http, metrics);
    let mut tasks = JoinSet::new();
    for (name, task) in
        [("ingestion-api", ingestion.task), ("config-api", definitions.task), ("segmenter", segmentation.task)]
    {
        tasks.spawn(async move { (name, task.await.context("waiting for its task").and_then(|ended| ended)) });
    }
    Ok(Services { places, tasks })
}

impl Services {
    /// Returns where they listen.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Waits until all of them have stopped. One that stops on its own takes the others with it:
    /// half a system would look alive and be stale.
    pub(super) async fn finished(mut self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut first_error = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            let (name, outcome) = ended.context("waiting for a service")?;
            let outcome = outcome.with_context(|| format!("{name} stopped"));
            if !shutdown.is_cancelled() {
                tracing::error!(service = name, "a service stopped by itself; stopping the others");
                shutdown.cancel();
            }
            if first_error.is_ok() {
                first_error = outcome;
            }
        }
        first_error
    }
}
