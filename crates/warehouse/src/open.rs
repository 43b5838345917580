//! Opening the history that the configuration names: the only place that knows which ones there are.

use std::path::PathBuf;
use std::sync::Arc;

use bus::OpenedLog;

use crate::databend::DatabendWarehouse;
use crate::embedded::EmbeddedWarehouse;
use crate::in_log::LogWarehouse;
use crate::{Warehouse, WarehouseConfig, WarehouseError};

/// An opened history.
pub struct OpenedWarehouse {
    /// To read from.
    pub warehouse: Arc<dyn Warehouse>,
    /// What the warehouse writer fills from the log; `None` where the log itself is the history.
    pub to_fill: Option<Arc<dyn Warehouse>>,
}

impl OpenedWarehouse {
    fn filled(warehouse: impl Warehouse + 'static) -> Self {
        let warehouse: Arc<dyn Warehouse> = Arc::new(warehouse);
        Self { to_fill: Some(Arc::clone(&warehouse)), warehouse }
    }
}

/// Opens the history: on the server that is configured, which may be away; beside a log that this process has
/// to itself in `directory`; else the log's own.
pub async fn open(
    config: &WarehouseConfig,
    log: &OpenedLog,
    directory: PathBuf,
) -> Result<OpenedWarehouse, WarehouseError> {
    let partitions = log.log.partitions();
    if let Some(options) = config.databend()? {
        return Ok(OpenedWarehouse::filled(DatabendWarehouse::beside(Arc::clone(&log.log), options)?));
    }
    if log.is_shared {
        return Ok(OpenedWarehouse { warehouse: Arc::new(LogWarehouse::new(Arc::clone(&log.log))), to_fill: None });
    }
    // The database reads its journal when it is opened, which blocks.
    let opening = tokio::task::spawn_blocking(move || EmbeddedWarehouse::open(directory, partitions)).await;
    let opened =
        opening.map_err(|error| WarehouseError::Unavailable(format!("opening was interrupted: {error}")))??;
    Ok(OpenedWarehouse::filled(opened))
}
