//! What the owners last said of themselves, for readiness and for the gauges.
//!
//! The log keeps its own copy of the statuses for `as_of` (`PartitionOwner::report`); this one also
//! knows what only this process can know: who is restoring, who is held.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{PartitionId, PartitionStatus};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::spill::LargeUsage;

/// One partition as the board shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// `None` until the partition is restored.
    pub(crate) status: Option<PartitionStatus>,
    /// Records that are in the log and not in the state.
    pub(crate) lag_records: u64,
    /// What large users take.
    pub(crate) large: LargeUsage,
    /// Since when the log has not taken or given anything.
    pub(crate) held_since: Option<Instant>,
}

/// Every owned partition; at most as many rows as the log has partitions.
pub(crate) struct Board {
    rows: Mutex<Rows>,
    ready: watch::Sender<bool>,
}

#[derive(Default)]
struct Rows {
    by_partition: BTreeMap<PartitionId, Row>,
    /// Whether no more partitions are expected for now.
    settled: bool,
    /// Whether all partitions are shared out, and none of them came here.
    idle: bool,
}

/// What the partitions of this process are doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Readiness {
    /// The log has not shared them out yet.
    Awaiting,
    /// Some are restored, others are not, or may still come.
    Restoring,
    /// Each that came is restored.
    Working,
    /// None came: others own them all. This process takes over when one of those goes.
    Idle,
}

impl Readiness {
    /// Returns whether the process does what it can: whoever replaces processes one by one may go on to the next.
    pub(crate) const fn is_ready(self) -> bool {
        matches!(self, Self::Working | Self::Idle)
    }
}

impl Rows {
    fn readiness(&self) -> Readiness {
        match self.by_partition.is_empty() {
            true if self.idle => Readiness::Idle,
            true => Readiness::Awaiting,
            false if self.settled && self.by_partition.values().all(|row| row.status.is_some()) => Readiness::Working,
            false => Readiness::Restoring,
        }
    }
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { rows: Mutex::default(), ready: watch::Sender::new(false) }
    }

    /// Returns what the partitions are doing.
    pub(crate) fn readiness(&self) -> Readiness {
        self.lock().readiness()
    }

    /// Returns whether [`Self::readiness`] is; changes are seen by waiting.
    pub(crate) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    /// Adds a partition that is about to be restored; more may follow.
    pub(crate) fn assign(&self, partition: PartitionId) {
        self.change(|rows| {
            rows.by_partition.insert(partition, Row::default());
            (rows.settled, rows.idle) = (false, false);
        });
    }

    /// Says that all partitions are shared out and none of them came here.
    pub(crate) fn idle(&self) {
        self.change(|rows| rows.idle = true);
    }

    /// Says that no more partitions are expected for now.
    pub(crate) fn settle(&self) {
        self.change(|rows| rows.settled = true);
    }

    /// Returns whether no more partitions are expected for now.
    pub(crate) fn settled(&self) -> bool {
        self.lock().settled
    }

    /// Takes a partition off.
    pub(crate) fn remove(&self, partition: PartitionId) {
        self.change(|rows| {
            rows.by_partition.remove(&partition);
        });
    }

    pub(crate) fn report(&self, status: PartitionStatus, lag_records: u64, large: LargeUsage) {
        self.change_row(status.partition, |row| {
            row.large = large;
            row.lag_records = lag_records;
            row.status = Some(status);
        });
    }

    pub(crate) fn hold(&self, partition: PartitionId, since: Instant) {
        self.change_row(partition, |row| row.held_since = Some(since));
    }

    pub(crate) fn release(&self, partition: PartitionId) {
        self.change_row(partition, |row| row.held_since = None);
    }

    /// Returns every row, ascending by partition.
    pub(crate) fn rows(&self) -> Vec<(PartitionId, Row)> {
        self.lock().by_partition.iter().map(|(partition, row)| (*partition, row.clone())).collect()
    }

    fn change_row(&self, partition: PartitionId, change: impl FnOnce(&mut Row)) {
        self.change(|rows| {
            if let Some(row) = rows.by_partition.get_mut(&partition) {
                change(row);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Rows)) {
        let mut rows = self.lock();
        change(&mut rows);
        // Under the lock, so that two changes are not told in the wrong order.
        let readiness = rows.readiness();
        let ready = readiness.is_ready();
        if self.ready.send_if_modified(|seen| std::mem::replace(seen, ready) != ready) {
            match readiness {
                Readiness::Working => {
                    tracing::info!(partitions = rows.by_partition.len(), "every owned partition is restored");
                }
                Readiness::Idle => tracing::info!("others own every partition; waiting for one of them to go"),
                Readiness::Awaiting | Readiness::Restoring => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        // A row is replaced field by field; a panic in between leaves nothing that is not shown as it is.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use schema::{Generation, Timestamp};

    use super::*;

    fn status(partition: u16) -> PartitionStatus {
        PartitionStatus {
            partition: PartitionId(partition),
            as_of: Timestamp::default(),
            next_offset: 0,
            changes_end: 0,
            generation: Generation(0),
            absorbing: None,
            backfill: None,
            failure: None,
            users: 0,
        }
    }

    #[test]
    fn it_is_ready_once_every_owned_partition_is_restored() {
        let board = Board::new();
        let ready = board.ready();
        board.settle();
        assert!(!*ready.borrow(), "nothing is owned");
        board.assign(PartitionId(0));
        board.report(status(0), 0, LargeUsage::default());
        assert!(!*ready.borrow(), "more may follow");
        board.assign(PartitionId(1));
        board.settle();
        assert!(!*ready.borrow(), "one is not restored");
        board.report(status(1), 0, LargeUsage::default());
        assert!(*ready.borrow());
        board.assign(PartitionId(2));
        board.settle();
        assert!(!*ready.borrow(), "another one came");
        board.remove(PartitionId(2));
        assert!(*ready.borrow());
    }

    #[test]
    fn a_process_that_gets_no_partition_is_ready_once_the_log_says_so() {
        let board = Board::new();
        let ready = board.ready();
        board.settle();
        assert_eq!(
            (board.readiness(), *ready.borrow()),
            (Readiness::Awaiting, false),
            "nobody has shared anything out"
        );
        board.idle();
        assert_eq!((board.readiness(), *ready.borrow()), (Readiness::Idle, true));
        board.assign(PartitionId(3));
        board.settle();
        assert_eq!((board.readiness(), *ready.borrow()), (Readiness::Restoring, false), "one came after all");
        board.report(status(3), 0, LargeUsage::default());
        assert_eq!((board.readiness(), *ready.borrow()), (Readiness::Working, true));
        board.remove(PartitionId(3));
        assert_eq!((board.readiness(), *ready.borrow()), (Readiness::Awaiting, false), "who gets it is not known");
    }
}
