//! Bringing the events, each to the partition of its user.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use bus::EventLog;
use schema::{LogPosition, LogRecord, Offset, Topic, UserId, partition_of};

use super::present::Present;
use crate::transfer::manifest::{EventLine, ExportedPartition, Manifest};
use crate::transfer::merging::{Merged, Sequence};

/// Records appended at once.
const APPENDED_AT_ONCE: usize = 4_096;

/// What is done about a record that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Missing {
    Append,
    Refuse,
}

/// Brings all events, or sees that they are there; returns where the deletions lie.
pub(super) async fn bring(
    manifest: &Manifest,
    folder: &Path,
    log: &dyn EventLog,
    missing: Missing,
) -> anyhow::Result<Vec<(UserId, LogPosition)>> {
    let present = Present::of(log, Topic::Events).await?;
    let ends = vec![0; present.len()];
    let mut bringing =
        Bringing { log, missing, present, ends, waiting: Vec::new(), expected: Vec::new(), deletions: Vec::new() };
    for record in records(manifest, folder, log.partitions()) {
        bringing.take(record?).await?;
    }
    bringing.append().await?;
    for present in &mut bringing.present {
        present.require_end(log).await?;
    }
    Ok(bringing.deletions)
}

/// All events. Partition by partition; for another number of partitions in the order of acceptance, in which
/// they would have come to the new ones.
fn records(manifest: &Manifest, folder: &Path, partitions: u16) -> Sequence<LogRecord> {
    let of = |exported: &ExportedPartition| -> Sequence<LogRecord> {
        Box::new(exported.events.read::<EventLine>(folder).map(|line| line?.decode()))
    };
    let sequences: Vec<_> = manifest.log.iter().map(of).collect();
    if partitions == manifest.partitions {
        return Box::new(sequences.into_iter().flatten());
    }
    Box::new(Merged::new(sequences, LogRecord::received_at))
}

struct Bringing<'a> {
    log: &'a dyn EventLog,
    missing: Missing,
    present: Vec<Present>,
    /// How many records of each partition were taken.
    ends: Vec<Offset>,
    waiting: Vec<LogRecord>,
    /// Where those must come to lie.
    expected: Vec<LogPosition>,
    deletions: Vec<(UserId, LogPosition)>,
}

impl Bringing<'_> {
    async fn take(&mut self, record: LogRecord) -> anyhow::Result<()> {
        let partition = partition_of(record.user_id(), self.log.partitions());
        let index = usize::from(partition.0);
        let (Some(end), Some(present)) = (self.ends.get_mut(index), self.present.get_mut(index)) else {
            bail!("there is no partition {partition}");
        };
        let position = LogPosition { partition, offset: *end };
        *end += 1;
        if let LogRecord::Deletion(deletion) = &record {
            self.deletions.push((deletion.user_id, position));
        }
        match present.next(self.log).await? {
            Some(there) => {
                let same = there.offset == position.offset && there.value == record.encode();
                ensure!(same, "the log is not empty: partition {partition} holds another event at {}", there.offset);
            }
            None if self.missing == Missing::Refuse => bail!("partition {partition} lacks event {}", position.offset),
            None => {
                self.waiting.push(record);
                self.expected.push(position);
            }
        }
        if self.waiting.len() >= APPENDED_AT_ONCE { self.append().await } else { Ok(()) }
    }

    async fn append(&mut self) -> anyhow::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let appended = self.log.append(std::mem::take(&mut self.waiting)).await.context("appending events")?;
        ensure!(
            appended == std::mem::take(&mut self.expected),
            "somebody else appends events: stop all services first"
        );
        Ok(())
    }
}
