//! The definitions as another process publishes them in the log.
//!
//! While nothing newer can be heard of, the last known definitions stay in force: those of the last
//! commit, or what was published before.

use std::sync::Arc;
use std::time::Duration;

use bus::EventLog;
use schema::Definitions;
use tokio::sync::watch;

/// How long to wait before asking a log again that did not answer.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Hands on every newer set of definitions, for as long as it is polled.
pub(crate) async fn follow(log: Arc<dyn EventLog>, definitions: watch::Sender<Arc<Definitions>>) {
    let mut failing = false;
    loop {
        let known = definitions.borrow().generation;
        let newer = log.definitions_after(known).await;
        match (&newer, failing) {
            (Err(error), false) => tracing::warn!(%error, "definitions cannot be read; keeping the last known ones"),
            (Ok(_), true) => tracing::info!("definitions can be read again"),
            _ => {}
        }
        failing = newer.is_err();
        match newer {
            Ok(newer) => drop(definitions.send_replace(Arc::new(newer))),
            Err(_) => tokio::time::sleep(ASK_AGAIN).await,
        }
    }
}
