//! What every handler can reach.

use std::sync::Arc;

use bus::EventLog;
use store::Store;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use warehouse::Warehouse;

use crate::Config;
use crate::changes::Tail;
use crate::definitions::Feed;
use crate::projection::Freshness;
use crate::segments::{KnownRules, Missing, Turns};

/// What every handler can reach; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) config: Arc<Config>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) warehouse: Arc<dyn Warehouse>,
    pub(crate) feed: Feed,
    /// What the live clauses come to.
    pub(crate) known_rules: KnownRules,
    /// What the history lacks.
    pub(crate) missing: Missing,
    /// Held by whoever changes a definition, from looking at the others until it is stored.
    pub(crate) editing: Arc<Mutex<()>>,
    pub(crate) freshness: Arc<Freshness>,
    pub(crate) tail: Arc<Tail>,
    /// A place per subscriber of the stream of changes.
    pub(crate) subscribers: Arc<Semaphore>,
    /// A turn per explanation that is computed at the same time.
    pub(crate) explaining: Arc<Semaphore>,
    /// Turns of the previews.
    pub(crate) previewing: Arc<Turns>,
    pub(crate) shutdown: CancellationToken,
}
