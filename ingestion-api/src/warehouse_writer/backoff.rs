//! Pauses between attempts: doubling, up to a limit.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::options::WriterOptions;

/// Pauses between attempts at one thing.
pub(super) struct Backoff {
    next: Duration,
    max: Duration,
    attempts_left: u32,
}

impl Backoff {
    pub(super) fn new(options: &WriterOptions) -> Self {
        Self { next: options.retry_min, max: options.retry_max, attempts_left: options.retry_attempts }
    }

    /// Counts a failure; returns whether it is the one after which somebody should be told.
    pub(super) fn failed(&mut self) -> bool {
        let is_last = self.attempts_left == 1;
        self.attempts_left = self.attempts_left.saturating_sub(1);
        is_last
    }

    /// Waits; returns `false` when shutdown came in between.
    pub(super) async fn pause(&mut self, shutdown: &CancellationToken) -> bool {
        let pause = self.next;
        self.next = (self.next * 2).min(self.max);
        shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_some()
    }
}
