//! What the owners of one process share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::board::Board;
use crate::catalogs::Catalogs;
use crate::clock::Clock;
use crate::config::OwnerConfig;
use crate::history::History;
use crate::metrics::Metrics;
use crate::spill::{DiskSpace, SpillConfig};

/// The neighbours and bounds of every owner.
pub(crate) struct Shared {
    pub(crate) limits: OwnerConfig,
    pub(crate) spill: SpillConfig,
    pub(crate) spill_space: Arc<DiskSpace>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) history: Arc<History>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) board: Arc<Board>,
    /// How many partitions may be restored at once.
    pub(crate) restores: Semaphore,
}
