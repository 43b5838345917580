//! Shoal's commits without an engine: each event changes its user's state, of a fixed size, and publishes a change.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::kafka::KafkaLog;
use bus::{EventLog as _, Ownership as _, OwnershipChange, PartitionCommit, PartitionOwner, StoredRecord};
use schema::{Cause, PartitionId, SegmentChange, SegmentId, Topic};
use tokio_util::task::AbortOnDropHandle;

use crate::load::record_appended_at;
use crate::measured::Measured;

const ONLY: PartitionId = PartitionId(0);
const MAX_RECORDS: usize = 4_096;
const STATE_BYTES: usize = 350;

/// Measures until so many changes were seen.
pub(crate) async fn measure(
    log: &KafkaLog,
    expected: u64,
    load: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) -> anyhow::Result<Measured> {
    let mut ownership = log.ownership();
    let Some(OwnershipChange::Assigned(owner)) = ownership.next().await? else { bail!("nothing was assigned") };
    let loading = tokio::spawn(load);
    let _committing = AbortOnDropHandle::new(tokio::spawn(commit(owner)));
    let measured = read(log, expected).await?;
    loading.await??;
    Ok(measured)
}

async fn read(log: &KafkaLog, expected: u64) -> anyhow::Result<Measured> {
    let (mut measured, mut next) = (Measured::default(), 0);
    while measured.count() < expected {
        log.wait_for(Topic::SegmentChanges, ONLY, next).await.context("waiting for changes")?;
        for record in log.read(Topic::SegmentChanges, ONLY, next, MAX_RECORDS).await.context("reading changes")? {
            let change: SegmentChange = serde_json::from_slice(&record.value).context("decoding a change")?;
            measured.note(change.evaluated_at);
            next = record.offset + 1;
        }
    }
    Ok(measured)
}

async fn commit(mut owner: Box<dyn PartitionOwner>) -> anyhow::Result<()> {
    let mut next = owner.restore(&mut |_, _| ()).await?.next_offset;
    loop {
        let deadline = tokio::time::Instant::now() + Duration::from_millis(100);
        let records = owner.poll(next, MAX_RECORDS, deadline).await?;
        let Some(last) = records.last() else { continue };
        next = last.offset + 1;
        owner.commit(commit_of(&records)?).await?;
    }
}

fn commit_of(records: &[StoredRecord]) -> anyhow::Result<PartitionCommit> {
    let next_offset = records.last().map_or(0, |last| last.offset + 1);
    let mut commit = PartitionCommit { next_offset, ..PartitionCommit::default() };
    for record in records {
        commit.users.push((record.user_id, vec![7; STATE_BYTES]));
        commit.changes.push(SegmentChange {
            user_id: record.user_id,
            in_segments: vec![SegmentId(1)],
            out_segments: Vec::new(),
            segments: vec![SegmentId(1)],
            seq: record.offset + 1,
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: record_appended_at(&record.value)?,
        });
    }
    Ok(commit)
}
