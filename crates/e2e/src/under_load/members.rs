//! Who is in the segments at the end: by the topic of changes, the compacted topic, Postgres and SQL.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use schema::{SegmentChange, SegmentId, Timestamp, UserId};
use store::{Store, StoreOptions};

use super::rendered::Members;
use super::rig::{PARTITIONS, Rig};
use super::run::LoadOptions;
use crate::committed::CommittedChanges;
use crate::crash::{Fault, Report};

/// How long a topic must give nothing until it is taken to be read: the traffic is over.
const QUIET: Duration = Duration::from_secs(2);
/// How long the projection may take for the last changes.
const PROJECTED_WITHIN: Duration = Duration::from_secs(60);
const PAGE: u32 = 10_000;

/// Each user's changes in the order of the topic.
pub(super) type Changes = BTreeMap<UserId, Vec<SegmentChange>>;

/// Reads a topic of changes as a subscriber who knows Kafka and not us.
pub(super) async fn read_topic(name: &str, options: &LoadOptions<'_>, rig: &Rig) -> anyhow::Result<Changes> {
    let mut reading = CommittedChanges::open(&options.kafka.brokers(), &format!("{}{name}", rig.prefix), PARTITIONS)?;
    let read = tokio::task::spawn_blocking(move || reading.read_until_quiet(QUIET).map(<[_]>::to_vec));
    let mut changes = Changes::new();
    for change in read.await.context("reading changes")?? {
        changes.entry(change.user_id).or_default().push(change);
    }
    Ok(changes)
}

/// Returns who is in a segment by the changes up to an instant.
pub(super) fn members_at(changes: &Changes, segment_id: SegmentId, instant: Timestamp) -> Members {
    let is_in = |changes: &Vec<SegmentChange>| {
        let last = changes.iter().rev().find(|change| change.evaluated_at <= instant);
        last.is_some_and(|last| last.segments.contains(&segment_id))
    };
    changes.iter().filter(|(_, changes)| is_in(changes)).map(|(user_id, _)| *user_id).collect()
}

/// Compares two ways of telling who is in a segment.
pub(super) fn compare(what: &str, expected: &Members, found: &Members, report: &mut Report) {
    for user_id in expected.symmetric_difference(found) {
        report.note(Fault::Mismatched, || {
            format!("user {user_id}: expected {}, {what} says otherwise", expected.contains(user_id))
        });
    }
}

/// Compares the latest record of each user in the compacted topic with the last of its changes.
pub(super) fn compare_compacted(changes: &Changes, compacted: &Changes, report: &mut Report) {
    for (user_id, changes) in changes {
        let kept = compacted.get(user_id).and_then(|kept| kept.last());
        if kept != changes.last() {
            report.note(Fault::Mismatched, || format!("user {user_id}: the compacted topic says {kept:?}"));
        }
    }
    for user_id in compacted.keys().filter(|user_id| !changes.contains_key(user_id)) {
        report.note(Fault::Mismatched, || format!("user {user_id} is in the compacted topic alone"));
    }
}

/// Returns who is in a segment by Postgres, once it is who is expected or has had the time for it.
pub(super) async fn in_postgres(store_url: &str, segment_id: SegmentId, expected: &Members) -> anyhow::Result<Members> {
    let options = StoreOptions {
        url: store_url.to_owned(),
        file: Default::default(),
        max_connections: 2,
        acquire_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(30),
    };
    let (store, deadline) = (store::open(&options).await?, Instant::now() + PROJECTED_WITHIN);
    loop {
        let members = projected(&*store, segment_id).await?;
        if members == *expected || Instant::now() > deadline {
            return Ok(members);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn projected(store: &dyn Store, segment_id: SegmentId) -> anyhow::Result<Members> {
    let (mut members, mut after) = (Members::new(), None);
    loop {
        let page = store.members_of_segment(segment_id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(members) };
        after = Some(last.user_id);
        members.extend(page.iter().map(|member| member.user_id));
    }
}
