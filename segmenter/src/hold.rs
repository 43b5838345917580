//! Holding a partition while the log cannot take or give anything: the same call again, ever later.
//!
//! The offset stays where it is, so nothing is lost, and what was to be committed is kept as it is,
//! so nothing is repeated. A hold has no end of its own (a disk can be full for a weekend); its age
//! is a metric, and it is logged once when it begins and once when it is over.

use std::sync::Arc;
use std::time::Duration;

use bus::BusError;
use schema::PartitionId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::owner::OwnerEnd;

/// The first wait: a hiccup of the disk should not cost a visible delay.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// The longest wait: how late a partition may notice that the log is back.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Whether a partition is being held, and for how long.
pub(crate) struct Hold {
    partition: PartitionId,
    stop: CancellationToken,
    board: Arc<Board>,
    next_wait: Duration,
    since: Option<Instant>,
}

impl Hold {
    pub(crate) fn new(partition: PartitionId, stop: CancellationToken, board: Arc<Board>) -> Self {
        Self { partition, stop, board, next_wait: FIRST_WAIT, since: None }
    }

    /// Sorts out an error of the log: returns when the call is to be made again, or why the owner ends.
    pub(crate) async fn after(&mut self, error: BusError) -> Result<(), OwnerEnd> {
        match error {
            BusError::Fenced(_) => return Err(OwnerEnd::Fenced),
            error if !error.retryable() => return Err(OwnerEnd::damaged(error, "using the log")),
            error => self.begin(&error),
        }
        let wait = self.next_wait;
        self.next_wait = (wait * 2).min(LONGEST_WAIT);
        tokio::select! {
            () = self.stop.cancelled() => Err(OwnerEnd::Stopped),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// Says that a call succeeded.
    pub(crate) fn release(&mut self) {
        if let Some(since) = self.since.take() {
            self.next_wait = FIRST_WAIT;
            self.board.release(self.partition);
            tracing::info!(
                log.partition = self.partition.0,
                held_ms = since.elapsed().as_millis(),
                "the log is back; the partition goes on"
            );
        }
    }

    fn begin(&mut self, error: &BusError) {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            self.board.hold(self.partition, now);
            tracing::warn!(log.partition = self.partition.0, %error, "holding the partition until the log is back");
        }
    }
}
