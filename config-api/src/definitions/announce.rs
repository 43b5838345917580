//! Telling the segmenters in other processes of the definitions, through the log.

use std::sync::Arc;
use std::time::Duration;

use bus::EventLog;
use schema::Definitions;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often what was published is looked at again: another process may have been slower with an older set.
const REPEAT: Duration = Duration::from_secs(2);
/// How long to wait before asking a log again that was not available.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Publishes every set of definitions that comes, until shutdown.
pub(crate) async fn announce(
    mut definitions: watch::Receiver<Arc<Definitions>>,
    log: Arc<dyn EventLog>,
    shutdown: CancellationToken,
) {
    let mut failing = false;
    loop {
        let newest = definitions.borrow_and_update().clone();
        let Some(published) = shutdown.run_until_cancelled(log.publish_definitions(&newest)).await else { return };
        match (&published, failing) {
            (Err(error), false) => tracing::warn!(%error, "segmenters cannot be told of the definitions"),
            (Ok(()), true) => tracing::info!("segmenters are told of the definitions again"),
            _ => {}
        }
        failing = published.is_err();
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(if failing { RETRY_PAUSE } else { REPEAT }) => {}
            changed = definitions.changed() => if changed.is_err() { return },
        }
    }
}
