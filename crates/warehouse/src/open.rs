//! Opening the history that goes with a log.

use std::path::PathBuf;
use std::sync::Arc;

use bus::OpenedLog;

use crate::embedded::EmbeddedWarehouse;
use crate::in_log::LogWarehouse;
use crate::{Warehouse, WarehouseError};

/// An opened history.
pub struct OpenedWarehouse {
    /// To read from.
    pub warehouse: Arc<dyn Warehouse>,
    /// What the warehouse writer fills from the log; `None` where the log itself is the history.
    pub to_fill: Option<Arc<dyn Warehouse>>,
}

/// Opens the history: beside a log that this process has to itself in `directory`, else the log's own.
pub async fn open(log: &OpenedLog, directory: PathBuf) -> Result<OpenedWarehouse, WarehouseError> {
    if log.is_shared {
        return Ok(OpenedWarehouse { warehouse: Arc::new(LogWarehouse::new(Arc::clone(&log.log))), to_fill: None });
    }
    let partitions = log.log.partitions();
    // The database reads its journal when it is opened, which blocks.
    let opening = tokio::task::spawn_blocking(move || EmbeddedWarehouse::open(directory, partitions)).await;
    let opened =
        opening.map_err(|error| WarehouseError::Unavailable(format!("opening was interrupted: {error}")))??;
    let warehouse: Arc<dyn Warehouse> = Arc::new(opened);
    Ok(OpenedWarehouse { to_fill: Some(Arc::clone(&warehouse)), warehouse })
}
