//! How far one partition of one topic is: where it begins, where its durable part ends.

use std::sync::atomic::{AtomicU64, Ordering};

use schema::Offset;
use tokio::sync::watch;

/// One partition of one topic, as readers see it.
pub(super) struct Lane {
    begin: AtomicU64,
    end: watch::Sender<Offset>,
}

impl Lane {
    pub(super) fn new(begin: Offset, end: Offset) -> Self {
        Self { begin: AtomicU64::new(begin), end: watch::Sender::new(end) }
    }

    /// Returns the first offset that is still kept.
    pub(super) fn begin(&self) -> Offset {
        self.begin.load(Ordering::Acquire)
    }

    /// Returns the first offset that is not durable.
    pub(super) fn end(&self) -> Offset {
        *self.end.borrow()
    }

    /// Tells readers that what lies below `begin` is gone.
    pub(super) fn trim_to(&self, begin: Offset) {
        self.begin.store(begin, Ordering::Release);
    }

    /// Tells readers that everything below `end` is durable.
    pub(super) fn extend_to(&self, end: Offset) {
        self.end.send_replace(end);
    }

    /// Returns when there is something at `from` or later.
    pub(super) async fn reaches_past(&self, from: Offset) {
        // The sender lives as long as `self`, so waiting ends with the condition.
        let _ = self.end.subscribe().wait_for(|end| *end > from).await;
    }
}
