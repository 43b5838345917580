//! What the owners last said of themselves, for readiness and for the gauges.
//!
//! The log keeps its own copy of the statuses for `as_of` (`PartitionOwner::report`); this one also
//! knows what only this process can know: who is restoring, who is held.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{PartitionId, PartitionStatus};
use tokio::sync::watch;
use tokio::time::Instant;

/// One partition as the board shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// `None` until the partition is restored.
    pub(crate) status: Option<PartitionStatus>,
    /// Records that are in the log and not in the state.
    pub(crate) lag_records: u64,
    /// Since when the log has not taken or given anything.
    pub(crate) held_since: Option<Instant>,
}

/// Every owned partition; at most as many rows as the log has partitions.
pub(crate) struct Board {
    rows: Mutex<BTreeMap<PartitionId, Row>>,
    ready: watch::Sender<bool>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { rows: Mutex::default(), ready: watch::Sender::new(false) }
    }

    /// Returns whether partitions are owned and each is restored; changes are seen by waiting.
    pub(crate) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    /// Adds a partition that is about to be restored.
    pub(crate) fn assign(&self, partition: PartitionId) {
        self.change(|rows| {
            rows.insert(partition, Row::default());
        });
    }

    /// Takes a partition off.
    pub(crate) fn remove(&self, partition: PartitionId) {
        self.change(|rows| {
            rows.remove(&partition);
        });
    }

    pub(crate) fn report(&self, status: PartitionStatus, lag_records: u64) {
        self.change(|rows| {
            if let Some(row) = rows.get_mut(&status.partition) {
                row.lag_records = lag_records;
                row.status = Some(status);
            }
        });
    }

    pub(crate) fn hold(&self, partition: PartitionId, since: Instant) {
        self.change(|rows| {
            if let Some(row) = rows.get_mut(&partition) {
                row.held_since = Some(since);
            }
        });
    }

    pub(crate) fn release(&self, partition: PartitionId) {
        self.change(|rows| {
            if let Some(row) = rows.get_mut(&partition) {
                row.held_since = None;
            }
        });
    }

    /// Returns every row, ascending by partition.
    pub(crate) fn rows(&self) -> Vec<(PartitionId, Row)> {
        self.lock().iter().map(|(partition, row)| (*partition, row.clone())).collect()
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<PartitionId, Row>)) {
        let mut rows = self.lock();
        change(&mut rows);
        let ready = !rows.is_empty() && rows.values().all(|row| row.status.is_some());
        drop(rows);
        if self.ready.send_if_modified(|seen| std::mem::replace(seen, ready) != ready) {
            tracing::info!(ready, "whether every owned partition is restored has changed");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PartitionId, Row>> {
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
            absorbed_rows: 0,
            users: 0,
        }
    }

    #[test]
    fn it_is_ready_once_every_owned_partition_is_restored() {
        let board = Board::new();
        let ready = board.ready();
        assert!(!*ready.borrow(), "nothing is owned");
        board.assign(PartitionId(0));
        board.assign(PartitionId(1));
        board.report(status(0), 0);
        assert!(!*ready.borrow(), "one is not restored");
        board.report(status(1), 0);
        assert!(*ready.borrow());
        board.assign(PartitionId(2));
        assert!(!*ready.borrow(), "another one came");
        board.remove(PartitionId(2));
        assert!(*ready.borrow());
    }
}
