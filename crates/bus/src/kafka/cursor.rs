//! A place in a partition at which somebody reads, and the stretch around it that is in memory.
//!
//! Readers ask by offset and mostly for what comes next, so the client goes on fetching where it is;
//! what was read lately is kept for readers that are a little behind (every subscriber of a live
//! stream reads the same records once). Only a reader that is elsewhere makes the client jump.

use std::collections::VecDeque;
use std::sync::Arc;

use schema::Offset;
use tokio::sync::Notify;

use super::fetching::{Fetched, Fetching};
use crate::{BusError, StoredRecord};

/// What is kept in memory of each place, in bytes.
const WINDOW_BYTES: usize = 512 * 1_024;
/// A reading ends early when it has this many bytes: memory of a reader is bounded whatever it asks for.
const READ_BYTES: usize = 4 * 1_024 * 1_024;

/// A place in a partition.
pub(super) struct Cursor {
    fetching: Fetching,
    /// Every record from here up to `position` that a reader may see is in `window`.
    begin: Offset,
    /// What was fetched ends here.
    position: Offset,
    window: VecDeque<StoredRecord>,
    window_bytes: usize,
    /// The latest record that was fetched here, and whether it is the last of its commit.
    last: Option<(Offset, bool)>,
}

impl Cursor {
    pub(super) fn new(fetching: Fetching, from: Offset) -> Self {
        let window = VecDeque::new();
        Self { fetching, begin: from, position: from, window, window_bytes: 0, last: None }
    }

    /// Returns whether reading from `from` on needs no jump.
    pub(super) fn covers(&self, from: Offset) -> bool {
        (self.begin..=self.position).contains(&from)
    }

    /// Goes elsewhere.
    pub(super) fn jump(&mut self, from: Offset) -> Result<(), BusError> {
        self.fetching.seek(from)?;
        self.window.clear();
        (self.window_bytes, self.begin, self.position, self.last) = (0, from, from, None);
        Ok(())
    }

    /// Rings when more may be there.
    pub(super) fn bell(&self) -> &Arc<Notify> {
        self.fetching.bell()
    }

    /// Returns where the partition ends for readers, when what was fetched tells it: its log end is
    /// behind the last record, or behind the marker of the commit of which that was the last.
    pub(super) fn end_before(&self, log_end: Offset) -> Option<Offset> {
        let (last, ends_commit) = self.last?;
        let behind = if ends_commit { last + 2 } else { last + 1 };
        (behind == log_end || last + 1 == log_end).then_some(last + 1)
    }

    /// Returns at most `max_records` from `from` on, of what is there.
    ///
    /// `None` when the place is not there any more.
    pub(super) fn take(&mut self, from: Offset, max_records: usize) -> Result<Option<Vec<StoredRecord>>, BusError> {
        let mut records = self.remembered(from, max_records);
        let mut size: usize = records.iter().map(|record| record.value.len()).sum();
        // Fewer than asked for: nothing is left in memory.
        while records.len() < max_records && size < READ_BYTES {
            match self.fetching.take()? {
                None => break,
                Some(Fetched::Record(record, last)) => {
                    self.remember(&record, last);
                    if record.offset >= from {
                        size += record.value.len();
                        records.push(record);
                    }
                }
                Some(Fetched::Nothing | Fetched::End) => {}
                Some(Fetched::OutOfRange) => return Ok(None),
            }
        }
        Ok(Some(records))
    }

    fn remembered(&self, from: Offset, max_records: usize) -> Vec<StoredRecord> {
        let skipped = self.window.partition_point(|record| record.offset < from);
        self.window.iter().skip(skipped).take(max_records).cloned().collect()
    }

    fn remember(&mut self, record: &StoredRecord, last: bool) {
        self.position = record.offset + 1;
        self.last = Some((record.offset, last));
        self.window_bytes += record.value.len();
        self.window.push_back(record.clone());
        while self.window_bytes > WINDOW_BYTES
            && let Some(oldest) = self.window.pop_front()
        {
            self.window_bytes -= oldest.value.len();
            self.begin = oldest.offset + 1;
        }
    }
}
