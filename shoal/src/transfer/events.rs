//! The events of one partition as they are written: those that the log has, and before them those it has removed.
//!
//! Brokers remove what is old whenever they like, also while it is read. So whatever lies between what was
//! written and where the log begins, whenever that is asked, comes from the history; where nobody has it,
//! nothing is written at all. An offset without a record is none that was removed: the log begins before it.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use bus::{BusError, EventLog, StoredRecord};
use schema::{LogRecord, Offset, PartitionId, Topic};
use store::Store;
use warehouse::Warehouse;

use super::lines::{Files, LineWriter};
use super::manifest::EventLine;
use super::past;

/// Records read from the log at once.
const PAGE: usize = 4_096;

/// Where events are.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) log: &'a dyn EventLog,
    /// `None` where the log is all there is.
    pub(super) history: Option<&'a dyn Warehouse>,
    /// It knows who was erased.
    pub(super) store: &'a dyn Store,
}

/// What is wanted of a partition.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) partition: PartitionId,
    /// Where the log began when the copy was begun: from here on everything must be there.
    pub(super) begin: Offset,
    /// Events before this one are in the state.
    pub(super) applied_below: Offset,
}

/// What was written.
pub(super) struct WrittenEvents {
    pub(super) files: Files,
    /// How many of them are in the state.
    pub(super) next_offset: Offset,
    /// Records of the log that are none.
    pub(super) unreadable: u64,
    /// Where they end in the log.
    pub(super) end: Offset,
}

/// Writes them to the files `log/pPARTITION/events-0001.ndjson`, ….
pub(super) async fn write(sources: Sources<'_>, wanted: Wanted, folder: &Path) -> anyhow::Result<WrittenEvents> {
    let writer = LineWriter::new(folder, format!("log/p{:05}/events", wanted.partition.0));
    let mut writing = Writing { sources, wanted, folder, writer, next: 0, written: 0, next_offset: 0, unreadable: 0 };
    writing.write().await?;
    let Writing { writer, next, next_offset, unreadable, .. } = writing;
    Ok(WrittenEvents { files: writer.finish()?, next_offset, unreadable, end: next })
}

struct Writing<'a> {
    sources: Sources<'a>,
    wanted: Wanted,
    folder: &'a Path,
    writer: LineWriter,
    /// Whatever is known of the offsets before this one was written.
    next: Offset,
    written: Offset,
    next_offset: Offset,
    unreadable: u64,
}

impl Writing<'_> {
    async fn write(&mut self) -> anyhow::Result<()> {
        let mut kept = self.kept().await?;
        if self.sources.history.is_none() {
            kept.start = self.wanted.begin;
        }
        loop {
            if self.next < kept.start {
                self.write_removed(kept.start).await?;
                // Asked for later than the traits: all that is in them came before this end.
                kept = self.kept().await?;
            } else if self.next >= kept.end {
                return Ok(());
            } else if !self.write_page(kept.end).await? {
                kept = self.kept().await?;
                ensure!(self.next < kept.start, "the log lacks events from {} on", self.next);
            }
        }
    }

    async fn kept(&self) -> anyhow::Result<Range<Offset>> {
        let range = self.sources.log.range(Topic::Events, self.wanted.partition).await;
        range.context("asking how far the log goes")
    }

    /// Writes what the log has not any more, up to where it begins.
    async fn write_removed(&mut self, begin: Offset) -> anyhow::Result<()> {
        let stretch = self.next..begin;
        for line in past::gather(self.sources, self.wanted, stretch, self.folder).await? {
            let (line, is_applied) = line?;
            self.push(&line, is_applied)?;
        }
        past::forget(self.folder)?;
        self.next = begin;
        Ok(())
    }

    /// Writes the next records; `false` when some of them were removed before they were read.
    async fn write_page(&mut self, end: Offset) -> anyhow::Result<bool> {
        let (from, partition) = (self.next, self.wanted.partition);
        let records = match self.sources.log.read(Topic::Events, partition, from, PAGE).await {
            Err(BusError::Trimmed { .. }) => return Ok(false),
            read => read.context("reading events")?,
        };
        let is_whole = records.last().is_some_and(|last| last.offset - from + 1 == records.len() as u64);
        if !is_whole && self.kept().await?.start > from {
            return Ok(false);
        }
        let Some(last) = records.last() else { bail!("the log ends at {from}, and ended at {end}") };
        let next = last.offset + 1;
        records.iter().filter(|record| record.offset < end).try_for_each(|record| self.take(record))?;
        self.next = next.min(end);
        Ok(true)
    }

    fn take(&mut self, record: &StoredRecord) -> anyhow::Result<()> {
        let line = std::str::from_utf8(&record.value).ok().filter(|_| LogRecord::decode(&record.value).is_ok());
        match line {
            Some(text) => self.push(&EventLine { record: text.to_owned() }, record.offset < self.wanted.applied_below),
            None => {
                self.unreadable += 1;
                Ok(())
            }
        }
    }

    fn push(&mut self, line: &EventLine, is_applied: bool) -> anyhow::Result<()> {
        self.writer.push(line)?;
        self.written += 1;
        if is_applied {
            self.next_offset = self.written;
        }
        Ok(())
    }
}
