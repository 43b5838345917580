//! A subscriber that lives through every crash: it goes on where it left off.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schema::{SegmentChange, Timestamp};
use shoal::client::ChangeStream;
use tokio::sync::watch;

use crate::now;
use crate::process::Places;

/// A change, when it came, and since when it could.
#[derive(Clone, Debug)]
pub(super) struct Receipt {
    pub(super) change: SegmentChange,
    pub(super) received_at: Timestamp,
    /// When the connection was made by which it came.
    pub(super) connected_at: Timestamp,
}

/// Everything that was received, in order, over all connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Received {
    receipts: Arc<Mutex<Vec<Receipt>>>,
}

impl Received {
    /// Returns what was received so far.
    pub(super) fn all(&self) -> Vec<Receipt> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how many changes were received so far.
    pub(super) fn count(&self) -> usize {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn push(&self, receipt: Receipt) {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).push(receipt);
    }
}

/// Receives until the process is not started again. The first connection is reported to `connected`.
pub(super) async fn subscribe(
    http: reqwest::Client,
    mut places: watch::Receiver<Option<Places>>,
    received: Received,
    connected: tokio::sync::oneshot::Sender<()>,
) {
    let mut connected = Some(connected);
    let mut last_event_id: Option<String> = None;
    while let Some(url) = config_url(&mut places).await {
        if let Ok(mut stream) = ChangeStream::open(&http, &url, last_event_id.as_deref()).await {
            if let Some(connected) = connected.take() {
                let _nobody_waits_any_more = connected.send(());
            }
            let connected_at = now();
            while let Ok(Some(change)) = stream.next().await {
                received.push(Receipt { change, received_at: now(), connected_at });
            }
            last_event_id = stream.last_event_id().map(str::to_owned);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn config_url(places: &mut watch::Receiver<Option<Places>>) -> Option<String> {
    let places = places.wait_for(Option::is_some).await.ok()?;
    places.as_ref().map(|places| places.config.clone())
}
