//! One installation, opened as a whole: its log, with all partitions claimed, its history and its store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bus::embedded::EmbeddedLogOptions;
use bus::{EventLog, OpenedLog, Ownership, OwnershipChange, PartitionOwner};
use config_api::Config;
use store::{Store, StoreOptions};
use warehouse::{OpenedWarehouse, Warehouse, WarehouseConfig};

use crate::installation::{DataDirectory, Parts, unmake, wholeness};
use crate::terminal;

use super::events::Sources;

/// How long it may take until every partition is ours; a segmenter that runs keeps some for good.
const CLAIMING: Duration = Duration::from_secs(60);
/// Nothing is trimmed while it is copied.
const FOR_GOOD: Duration = Duration::from_secs(1_000 * 365 * 24 * 3_600);

/// An opened installation that no service runs on.
pub(super) struct Place {
    log: OpenedLog,
    warehouse: OpenedWarehouse,
    store: Arc<dyn Store>,
    store_options: StoreOptions,
    name: String,
    /// How long the log keeps events, where that is up to servers: what is older when it comes is removed.
    retention: Option<Duration>,
    /// Where all of it lies in one folder.
    directory: Option<(DataDirectory, Parts)>,
}

/// What a place is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// To copy what is there.
    Read,
    /// To fill it; with so many partitions, or as many as are configured.
    Make {
        /// How many.
        partitions: Option<u16>,
    },
}

/// Whether the environment names an installation on servers.
pub(super) fn is_on_servers() -> anyhow::Result<bool> {
    let config: Config = service::config::load().context("reading the configuration")?;
    Ok(!config.bus.brokers.is_empty())
}

impl Place {
    /// Takes the parts that this process runs on.
    pub(super) fn of_running(parts: Parts, directory: DataDirectory, store: StoreOptions) -> Self {
        let warehouse: Arc<dyn Warehouse> = parts.warehouse.clone();
        Self {
            log: OpenedLog::of_embedded(parts.log.clone()),
            warehouse: OpenedWarehouse { to_fill: Some(Arc::clone(&warehouse)), warehouse },
            store: Arc::clone(&parts.store),
            store_options: store,
            name: format!("the installation in {}", directory.path().display()),
            retention: None,
            directory: Some((directory, parts)),
        }
    }

    /// The same as if servers kept events for so long.
    #[cfg(test)]
    pub(super) fn with_retention(self, retention: Duration) -> Self {
        Self { retention: Some(retention), ..self }
    }

    /// Opens what the environment names, as the services do: brokers and a server, or a data directory.
    pub(super) async fn open(data: &Path, purpose: Purpose) -> anyhow::Result<Self> {
        let config: Config = service::config::load().context("reading the configuration")?;
        let partitions = match purpose {
            Purpose::Make { partitions: Some(partitions) } => partitions,
            Purpose::Make { partitions: None } | Purpose::Read => config.embedded.partitions,
        };
        let on_brokers = !config.bus.brokers.is_empty();
        let store_options = config.store_options();
        if on_brokers {
            ensure!(
                !store_options.url.is_empty(),
                "BUS_BROKERS is set and STORE_URL is not: both are shared, or neither"
            );
            let log = bus::open(&config.bus, data, partitions).await.context("opening the log")?;
            let name = format!("the installation on {} and {}", config.bus.brokers, store_options.place());
            let retention = Duration::from_secs(config.bus.retention_hours.saturating_mul(3_600));
            return Self::of_servers(log, data, &config.warehouse, store_options, (name, retention)).await;
        }
        ensure!(
            purpose != Purpose::Read || data.join("log").is_dir(),
            "there is no installation in {}",
            data.display()
        );
        Self::of_directory(DataDirectory::create(data)?, partitions, store_options).await
    }

    /// Opens what lies in a folder; that is all there, as for `shoal up`.
    async fn of_directory(directory: DataDirectory, partitions: u16, store: StoreOptions) -> anyhow::Result<Self> {
        let options = EmbeddedLogOptions { partitions, retention: FOR_GOOD, ..EmbeddedLogOptions::default() };
        let parts = Parts::open(&directory, options, store.clone()).await?;
        Ok(Self::of_running(parts, directory, store))
    }

    async fn of_servers(
        log: OpenedLog,
        data: &Path,
        history: &WarehouseConfig,
        store_options: StoreOptions,
        (name, retention): (String, Duration),
    ) -> anyhow::Result<Self> {
        let warehouse = warehouse::open(history, &log, data.join("history")).await.context("opening the history")?;
        let place = store_options.place();
        let store = store::open(&store_options).await.with_context(|| format!("opening the store {place}"))?;
        Ok(Self { log, warehouse, store, store_options, name, retention: Some(retention), directory: None })
    }

    /// Refuses a directory that `shoal up` would refuse: one of whose parts do not belong together.
    pub(super) async fn require_whole(&self) -> anyhow::Result<()> {
        match &self.directory {
            Some((directory, parts)) => wholeness::require(parts, directory).await,
            None => Ok(()),
        }
    }

    /// Lets go of everything; a file that was closed is whole by itself.
    ///
    /// Of a directory that was refused it removes what opening made, and says what can be done.
    pub(super) async fn close(self, error: Option<&anyhow::Error>) {
        self.store.close().await;
        let Self { log, warehouse, store, store_options, directory, .. } = self;
        let Some((directory, parts)) = directory else { return };
        let Some(advice) = error.and_then(|error| wholeness::advice(error, directory.path(), &store_options)) else {
            return;
        };
        let made = parts.made.clone();
        drop((log, warehouse, store, parts));
        if let Err(error) = unmake(&made) {
            terminal::complain(format_args!("{error:#}"));
        }
        terminal::complain(format_args!("{advice}"));
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns how long the log keeps events; `None` where it keeps what is still needed, however old.
    pub(super) fn retention(&self) -> Option<Duration> {
        self.retention
    }

    pub(super) fn log(&self) -> &dyn EventLog {
        self.log.log.as_ref()
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Returns where events are.
    pub(super) fn sources(&self) -> Sources<'_> {
        Sources { log: self.log(), history: self.warehouse.to_fill.as_deref(), store: self.store() }
    }

    /// Takes every partition, in their order; what else wanted to commit is fenced or not there.
    pub(super) async fn claim(&self) -> anyhow::Result<Claimed> {
        let mut ownership = self.log.ownership();
        let mut owners: Vec<Option<Box<dyn PartitionOwner>>> = Vec::new();
        owners.resize_with(usize::from(self.log().partitions()), || None);
        let claiming = async {
            while owners.iter().any(Option::is_none) {
                match ownership.next().await.context("claiming the partitions")? {
                    Some(OwnershipChange::Assigned(owner)) => {
                        let partition = usize::from(owner.partition().0);
                        if let Some(place) = owners.get_mut(partition) {
                            *place = Some(owner);
                        }
                    }
                    Some(OwnershipChange::Revoked(partition)) => bail!("somebody else takes partition {partition}"),
                    // A process that was killed has them until its session has ended.
                    Some(OwnershipChange::Idle) => {}
                    None => bail!("the log was closed"),
                }
            }
            Ok(())
        };
        match tokio::time::timeout(CLAIMING, claiming).await {
            Ok(claimed) => claimed.context("is a segmenter running? stop all services first")?,
            Err(_) => bail!("not all partitions are to be had: is a segmenter running? stop all services first"),
        }
        Ok(Claimed { owners: owners.into_iter().flatten().collect(), _ownership: ownership })
    }
}

/// All partitions of a log, for as long as this is kept.
pub(super) struct Claimed {
    /// Ascending by partition.
    pub(super) owners: Vec<Box<dyn PartitionOwner>>,
    _ownership: Box<dyn Ownership>,
}
