//! The three services on one set of parts: the composition root of the embedded form.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use service::telemetry::Telemetry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::UpArgs;
use super::parts::Parts;
use super::places::Places;

/// Log lines that matter to somebody who looks at the terminal; `RUST_LOG` asks for more.
const QUIET: &str = "warn";

/// The configuration of each service, as it would have on its own.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct UpConfig {
    ingestion: ingestion_api::Config,
    config: config_api::Config,
    segmenter: segmenter::Config,
}

impl UpConfig {
    /// Reads defaults and environment of all services, then puts the arguments on top. A file that
    /// `SHOAL_CONFIG` names is one service's own.
    pub(super) fn load(args: &UpArgs) -> anyhow::Result<Self> {
        let mut loaded = Self::read(|name| std::env::var(name).ok())?;
        loaded.keep_to_this_machine(&Self::read(|_| None)?, args.host);
        loaded.choose_ports(args);
        Ok(loaded)
    }

    fn read(environment: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        use service::config::load_from;
        Ok(Self {
            ingestion: load_from(None, &environment).context("ingestion-api")?,
            config: load_from(None, &environment).context("config-api")?,
            segmenter: load_from(None, &environment).context("segmenter")?,
        })
    }

    /// Addresses that nobody configured are of `host`, and telemetry that nobody configured is quiet:
    /// a person is looking at this terminal.
    fn keep_to_this_machine(&mut self, defaults: &Self, host: IpAddr) {
        for (address, default) in self.addresses().into_iter().zip(defaults.clone().addresses()) {
            if address == default {
                address.set_ip(host);
            }
        }
        let telemetry = &mut self.ingestion.telemetry;
        if telemetry.log_filter == defaults.ingestion.telemetry.log_filter {
            telemetry.log_filter = QUIET.to_owned();
        }
        telemetry.service_name = "shoal".to_owned();
    }

    fn choose_ports(&mut self, args: &UpArgs) {
        if args.free_ports {
            self.addresses().into_iter().for_each(|address| address.set_port(0));
        }
        if let Some(port) = args.ingestion_port {
            self.ingestion.http.address.set_port(port);
        }
        if let Some(port) = args.config_port {
            self.config.http.address.set_port(port);
        }
    }

    fn addresses(&mut self) -> [&mut SocketAddr; 5] {
        [
            &mut self.ingestion.http.address,
            &mut self.config.http.address,
            &mut self.ingestion.metrics.address,
            &mut self.config.metrics.address,
            &mut self.segmenter.metrics.address,
        ]
    }

    /// Returns how many partitions a new log gets.
    pub(super) fn partitions(&self) -> u16 {
        self.ingestion.embedded.partitions
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
pub(super) async fn start(config: UpConfig, parts: Parts, shutdown: CancellationToken) -> anyhow::Result<Services> {
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
        shutdown.clone(),
    )
    .await
    .context("starting ingestion-api")?;

    // What is up answers: not before every partition has its state back. A segmenter that failed
    // before says so when its task is waited for.
    let mut ready = segmentation.ready.clone();
    tokio::select! {
        _restored_or_ended = ready.wait_for(|ready| *ready) => {}
        () = shutdown.cancelled() => {}
    }
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

#[cfg(test)]
mod tests {
    use service::config::{CONFIG_FILE_VARIABLE, Configuration, env_example_problems};

    use super::*;

    const EXAMPLE: &str = include_str!("../../../.env.example");

    #[test]
    fn the_example_environment_lists_every_variable_with_its_default() {
        let services =
            [ingestion_api::Config::ENVIRONMENT, config_api::Config::ENVIRONMENT, segmenter::Config::ENVIRONMENT];
        let mut known: Vec<&'static str> = services.concat().into_iter().map(|(name, _)| name).collect();
        known.extend([CONFIG_FILE_VARIABLE, "SHOAL_HOST"]);
        assert_eq!(env_example_problems(EXAMPLE, &known), Vec::<String>::new());

        // Services on their own keep their data elsewhere than `shoal up`.
        let listed = |name: &str| {
            let line = EXAMPLE.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix('='));
            line.filter(|_| name != "SHOAL_DATA").map(str::to_owned)
        };
        assert_eq!(UpConfig::read(listed).unwrap(), UpConfig::read(|_| None).unwrap());
    }
}
