//! The three services on one set of parts: the composition root of the embedded form.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use service::telemetry::Telemetry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::UpArgs;
use super::places::Places;
use crate::installation::Parts;

/// Log lines that matter to somebody who looks at the terminal; `RUST_LOG` asks for more.
const QUIET: &str = "warn";
const LOG_FILTER_VARIABLE: &str = "RUST_LOG";

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
        let mut loaded = Self::configured(args.host, |name| std::env::var(name).ok())?;
        loaded.keeps_to_its_directory()?;
        loaded.choose_ports(args);
        // Not in memory, as folders for temporary files often are.
        if loaded.segmenter.spill.directory.as_os_str().is_empty() {
            loaded.segmenter.spill.directory.clone_from(&args.data);
        }
        Ok(loaded)
    }

    fn configured(host: IpAddr, environment: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let mut loaded = Self::read(&environment)?;
        // What a variable is set to may well be the default; empty is not set, as everywhere.
        loaded.keep_to_this_machine(host, |name| environment(name).is_some_and(|text| !text.is_empty()));
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

    /// Refuses servers that would not be asked: what somebody meant to be there would be elsewhere.
    fn keeps_to_its_directory(&self) -> anyhow::Result<()> {
        let set = [
            ("BUS_BROKERS", "log", !self.ingestion.bus.brokers.is_empty()),
            ("WAREHOUSE_URL", "history", self.ingestion.warehouse.is_server()),
        ];
        if let Some((variable, kept, _)) = set.into_iter().find(|(_, _, is_set)| *is_set) {
            anyhow::bail!(
                "`{variable}` is set, and `shoal up` keeps its {kept} in the data directory: unset it, or run the three \
                 services on their own"
            );
        }
        Ok(())
    }

    /// Addresses that nobody configured are of `host`, and telemetry that nobody configured is quiet:
    /// a person is looking at this terminal.
    fn keep_to_this_machine(&mut self, host: IpAddr, is_set: impl Fn(&str) -> bool) {
        for (variable, address) in self.addresses() {
            if !is_set(variable) {
                address.set_ip(host);
            }
        }
        let telemetry = &mut self.ingestion.telemetry;
        if !is_set(LOG_FILTER_VARIABLE) {
            telemetry.log_filter = QUIET.to_owned();
        }
        telemetry.service_name = "shoal".to_owned();
    }

    fn choose_ports(&mut self, args: &UpArgs) {
        if args.free_ports {
            self.addresses().into_iter().for_each(|(_, address)| address.set_port(0));
        }
        if let Some(port) = args.ingestion_port {
            self.ingestion.http.address.set_port(port);
        }
        if let Some(port) = args.config_port {
            self.config.http.address.set_port(port);
        }
    }

    /// Everything that listens, with the variable that says where.
    fn addresses(&mut self) -> [(&'static str, &mut SocketAddr); 5] {
        [
            ("INGESTION_ADDRESS", &mut self.ingestion.http.address),
            ("CONFIG_API_ADDRESS", &mut self.config.http.address),
            ("INGESTION_METRICS_ADDRESS", &mut self.ingestion.metrics.address),
            ("CONFIG_API_METRICS_ADDRESS", &mut self.config.metrics.address),
            ("SEGMENTER_METRICS_ADDRESS", &mut self.segmenter.metrics.address),
        ]
    }

    /// Returns how many partitions a new log gets.
    pub(super) fn partitions(&self) -> u16 {
        self.ingestion.embedded.partitions
    }

    /// Returns which store is configured; its file is the data directory's own.
    pub(super) fn store_options(&self) -> store::StoreOptions {
        self.config.store_options()
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
    let Parts { log, warehouse, store, .. } = parts;
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
        ingestion_api::Parts { log: Arc::new(log), store, warehouse: Some(warehouse) },
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
        known.extend([CONFIG_FILE_VARIABLE, "SHOAL_HOST", "DATABEND_DSN"]);
        // What `docker compose` itself asks for.
        known.extend(["POSTGRES_PASSWORD", "MINIO_PASSWORD", "DATABEND_PASSWORD", "GRAFANA_PASSWORD"]);
        assert_eq!(env_example_problems(EXAMPLE, &known), Vec::<String>::new());

        // Services on their own keep their data elsewhere than `shoal up`.
        let listed = |name: &str| {
            let line = EXAMPLE.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix('='));
            line.filter(|_| name != "SHOAL_DATA").map(str::to_owned)
        };
        assert_eq!(UpConfig::read(listed).unwrap(), UpConfig::read(|_| None).unwrap());
    }

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));

    #[test]
    fn what_is_configured_stays_also_when_it_is_the_default() {
        let mut defaults = UpConfig::read(|_| None).unwrap();
        for (variable, default) in defaults.addresses() {
            let set = default.to_string();
            let mut config = UpConfig::configured(HOST, |name| (name == variable).then(|| set.clone())).unwrap();
            for (name, address) in config.addresses() {
                let expected = if name == variable { default.ip() } else { HOST };
                assert_eq!(address.ip(), expected, "{name} when {variable} is set");
            }
        }
        let set = defaults.ingestion.telemetry.log_filter;
        let config = UpConfig::configured(HOST, |name| (name == "RUST_LOG").then(|| set.clone())).unwrap();
        assert_eq!(config.ingestion.telemetry.log_filter, set);
    }

    #[test]
    fn servers_that_would_not_be_asked_are_refused() {
        let configured = |variable: &str, value: &str| {
            UpConfig::configured(HOST, |name| (name == variable).then(|| value.to_owned())).unwrap()
        };
        for (variable, value) in
            [("BUS_BROKERS", "kafka:9092"), ("WAREHOUSE_URL", "databend://u:p@databend:8000/shoal?sslmode=disable")]
        {
            let refused = configured(variable, value).keeps_to_its_directory().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("`{variable}` is set")), "{refused}");
            configured(variable, "").keeps_to_its_directory().unwrap();
        }
    }

    #[test]
    fn each_address_has_the_variable_that_it_is_listed_with() {
        let variables = UpConfig::read(|_| None).unwrap().addresses().map(|(variable, _)| variable);
        for variable in variables {
            let elsewhere = "10.9.9.9:9";
            let mut config = UpConfig::read(|name| (name == variable).then(|| elsewhere.to_owned())).unwrap();
            for (name, address) in config.addresses() {
                assert_eq!(address.to_string() == elsewhere, name == variable, "{name} when {variable} is set");
            }
        }
    }

    #[test]
    fn what_is_not_configured_keeps_to_this_machine_and_is_quiet() {
        for environment in [None, Some(String::new())] {
            let mut config = UpConfig::configured(HOST, |_| environment.clone()).unwrap();
            assert!(config.addresses().into_iter().all(|(_, address)| address.ip() == HOST));
            assert_eq!(config.ingestion.telemetry.log_filter, QUIET);
        }
    }
}
