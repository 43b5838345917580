//! Compiled definitions, shared by the owners: each set is compiled once, not once per partition.
//!
//! Definitions come from config-api, which compiled them when they were saved. Should one not
//! compile here (another release wrote it), the catalog before it stays in force.

use std::sync::{Arc, Mutex, PoisonError};

use engine::{Catalog, CatalogError};
use schema::{Definitions, Generation};
use tokio::sync::watch;

use crate::metrics::Metrics;

/// How many compiled sets are kept: owners restore under at most a few generations.
const KEPT: usize = 4;

/// Definitions and what they were compiled to.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) definitions: Arc<Definitions>,
    pub(crate) catalog: Arc<Catalog>,
}

impl Frozen {
    pub(crate) fn generation(&self) -> Generation {
        self.definitions.generation
    }
}

/// The sets that were compiled last.
#[derive(Default)]
pub(crate) struct Catalogs {
    recent: Mutex<Vec<Arc<Frozen>>>,
}

impl Catalogs {
    /// Compiles the definitions, or returns what they were compiled to before. May take long.
    pub(crate) fn freeze(&self, definitions: &Arc<Definitions>) -> Result<Arc<Frozen>, CatalogError> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = recent.iter().find(|frozen| frozen.definitions == *definitions) {
            return Ok(Arc::clone(known));
        }
        let catalog = Arc::new(Catalog::freeze(definitions)?);
        let frozen = Arc::new(Frozen { definitions: Arc::clone(definitions), catalog });
        if recent.len() == KEPT {
            recent.remove(0);
        }
        recent.push(Arc::clone(&frozen));
        Ok(frozen)
    }
}

/// The newest set that compiled, as an owner sees it.
#[derive(Clone)]
pub(crate) struct CatalogFeed(watch::Receiver<Option<Arc<Frozen>>>);

impl CatalogFeed {
    pub(crate) fn new(receiver: watch::Receiver<Option<Arc<Frozen>>>) -> Self {
        Self(receiver)
    }

    /// Waits until there is a set that was not looked at with `newest` yet; for ever when none will come.
    pub(crate) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns the newest set; `None` until the first one came.
    pub(crate) fn newest(&mut self) -> Option<Arc<Frozen>> {
        self.0.borrow_and_update().clone()
    }
}

/// Compiles every set of definitions that comes, until no more can come.
pub(crate) async fn feed(
    mut definitions: watch::Receiver<Arc<Definitions>>,
    catalogs: Arc<Catalogs>,
    metrics: Arc<Metrics>,
    frozen: watch::Sender<Option<Arc<Frozen>>>,
) {
    loop {
        let newest = Arc::clone(&definitions.borrow_and_update());
        let generation = newest.generation;
        let cache = Arc::clone(&catalogs);
        match tokio::task::spawn_blocking(move || cache.freeze(&newest)).await {
            Ok(Ok(compiled)) => {
                frozen.send_replace(Some(compiled));
                metrics.definitions_came(generation);
            }
            Ok(Err(error)) => refuse(generation, &error, &metrics),
            Err(_) => return,
        }
        if definitions.changed().await.is_err() {
            return;
        }
    }
}

fn refuse(generation: Generation, error: &CatalogError, metrics: &Metrics) {
    metrics.catalog_refused();
    tracing::error!(
        catalog.generation = generation.0,
        segment.id = %error.segment_id,
        diagnostics = ?error.diagnostics,
        "a definition does not compile; keeping the previous catalog"
    );
}
