//! A log that does not say how far its events go until it is let: whoever asks waits.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bus::embedded::EmbeddedLog;
use bus::meddled::Meddler;
use bus::{BusError, EventLog as _};
use schema::{Offset, PartitionId, Topic};
use tokio::sync::watch;

pub(crate) struct Stall {
    /// How often it was asked.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) is_free: watch::Receiver<bool>,
}

#[async_trait]
impl Meddler for Stall {
    async fn range(&self, log: &EmbeddedLog, topic: Topic, partition: PartitionId) -> Result<Range<Offset>, BusError> {
        if topic == Topic::Events {
            self.asked.fetch_add(1, Ordering::SeqCst);
            // Whoever lets it may be gone by now, at the end of a test.
            let _ = self.is_free.clone().wait_for(|is_free| *is_free).await;
        }
        log.range(topic, partition).await
    }
}
