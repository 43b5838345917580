//! One way through a partition's history, page by page.
//!
//! What was counted so far decides what counts next, so a way through is kept between its pages. One
//! that was dropped to make room is walked again from the beginning.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bus::EventLog;
use schema::{LogPosition, LogRecord, Offset, PartitionId, UserId};

use super::scanning::{STRIDE, Stretch, stretch};
use crate::counting::Counting;
use crate::cursor::Place;
use crate::{HistoryPage, HistoryRow, WarehouseError};

/// How many ways through partitions are kept; each remembers a day's event ids.
const KEPT: usize = 8;
/// A page ends early when it has looked at this many records without finding enough rows.
const PAGE_RECORDS: u64 = 65_536;

/// A way through a partition.
pub(super) struct Reading {
    place: Place,
    counting: Counting,
}

impl Reading {
    /// Begins at the first record that is kept.
    pub(super) fn begin(partition: PartitionId, before: Offset) -> Self {
        Self { place: Place { partition, before, next: 0 }, counting: Counting::default() }
    }

    /// Goes on to `next` as if its rows had been read.
    pub(super) async fn catch_up(&mut self, log: &dyn EventLog, next: Offset) -> Result<(), WarehouseError> {
        while self.place.next < next {
            let found = stretch(log, self.place.partition, self.place.next..next, STRIDE).await?;
            self.take(found, &HashSet::new());
        }
        Ok(())
    }

    /// Reads the next rows below `end`, which is where the log ends when that comes before the seam.
    pub(super) async fn page(
        &mut self,
        log: &dyn EventLog,
        erased: &HashSet<UserId>,
        end: Offset,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        let until = self.place.next.saturating_add(PAGE_RECORDS).min(end);
        let mut rows = Vec::new();
        while self.place.next < until && rows.len() < max_rows {
            let room = (max_rows - rows.len()).min(STRIDE);
            let found = stretch(log, self.place.partition, self.place.next..until, room).await?;
            rows.extend(self.take(found, erased));
        }
        let next = (self.place.next < end).then(|| self.place.cursor());
        Ok(HistoryPage { rows, next })
    }

    fn take(&mut self, found: Stretch, erased: &HashSet<UserId>) -> Vec<HistoryRow> {
        let partition = self.place.partition;
        self.place.next = found.next;
        let mut rows = Vec::new();
        for (offset, record) in found.records {
            self.counting.pass(record.received_at());
            if let LogRecord::Event(event) = record
                && !erased.contains(&event.user_id)
                && self.counting.counts(&event)
            {
                rows.push(HistoryRow { position: LogPosition { partition, offset }, event });
            }
        }
        rows
    }
}

/// The ways that are under way; the latest is last.
#[derive(Default)]
pub(super) struct Readings(Mutex<VecDeque<Reading>>);

impl Readings {
    /// Takes out the way that stands at `place`.
    pub(super) fn take(&self, place: Place) -> Option<Reading> {
        let mut kept = self.lock();
        let index = kept.iter().position(|reading| reading.place == place)?;
        kept.remove(index)
    }

    /// Keeps a way for its next page.
    pub(super) fn keep(&self, reading: Reading) {
        let mut kept = self.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(reading);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Reading>> {
        // A panic while it was held left a list that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
