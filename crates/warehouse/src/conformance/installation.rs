//! How the suite gets at a warehouse.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Warehouse, WarehouseError};

/// How many partitions the suite's installations have.
pub const PARTITIONS: u16 = 4;

/// A warehouse that can be opened, closed and opened again.
#[async_trait]
pub trait Installation: Send + Sync {
    /// Opens the warehouse with [`PARTITIONS`] partitions; the one opened before was dropped.
    async fn open(&self) -> Result<Arc<dyn Warehouse>, WarehouseError>;
}
