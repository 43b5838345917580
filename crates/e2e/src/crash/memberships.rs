//! Whether everybody is in the segments that SQL says: now, and at each change on the way.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use schema::{Event, SegmentChange, SegmentDefinition, SegmentId, Timestamp, UserId, partition_of};

use super::definitions::Expected;
use super::events::CountedEvents;
use super::explain::{UserStory, explain};
use super::report::{Fault, Report};
use super::staying::STAYING;
use crate::record::Recorded;

/// Checks each user's memberships at the last instant that was decided, by the naive evaluator: at
/// least `passed`, whatever was committed last.
pub(super) fn check_now(
    events: &CountedEvents,
    changes: &BTreeMap<UserId, Vec<SegmentChange>>,
    recorded: &Recorded,
    passed: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (user_id, events) in events {
        let partition = &recorded.partitions[partition_index(*user_id, recorded)];
        let definitions = partition.restored.definitions.as_ref().context("a partition without definitions")?;
        let now = partition.restored.now.max(passed);
        let published = changes.get(user_id).and_then(|changes| changes.last());
        let published: &[SegmentId] = published.map_or(&[], |change| &change.segments);
        let expected = memberships(&definitions.segments, events, now)?;
        if published != expected {
            let naive = format!("{expected:?}");
            report.note(Fault::Mismatched, || {
                format!("user {user_id} at {now}: published {published:?}, naive evaluation says {naive}")
            });
        }
    }
    for user_id in changes.keys().filter(|user_id| !events.contains_key(user_id)) {
        report.note(Fault::Mismatched, || format!("user {user_id} has changes and no events"));
    }
    Ok(())
}

/// Returns the segments that a user with these events is in, from scratch.
pub(super) fn memberships(
    definitions: &[SegmentDefinition],
    events: &[Event],
    now: Timestamp,
) -> anyhow::Result<Vec<SegmentId>> {
    let mut segments = Vec::new();
    for definition in definitions {
        let compiled = rules::compile(&definition.where_statement);
        let Some(rule) = compiled.rule else { bail!("`{}` does not compile any more", definition.tag.as_str()) };
        if engine::naive::is_member(&rule, events, now) {
            segments.push(definition.segment_id);
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Checks that the log explains every change of the segments that stayed, and that none is missing.
pub(super) fn check_on_the_way(
    events: &CountedEvents,
    changes: &BTreeMap<UserId, Vec<SegmentChange>>,
    recorded: &Recorded,
    passed: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    let segments = staying_ids(recorded)?;
    for (user_id, events) in events {
        let references: Vec<&Event> = events.iter().collect();
        let partition = &recorded.partitions[partition_index(*user_id, recorded)];
        let definitions = partition.restored.definitions.as_ref().context("a partition without definitions")?;
        let story = UserStory {
            events: &references,
            changes: changes.get(user_id).map_or(&[], Vec::as_slice),
            segments: &segments,
            now: partition.restored.now.max(passed),
            generation: definitions.generation,
        };
        if let Err(reason) = explain(&story) {
            report.note(Fault::Mismatched, || format!("user {user_id}: {reason}"));
        }
    }
    Ok(())
}

/// Checks that acknowledged definitions are in force, in every partition.
pub(super) fn check_definitions(expected: &[Expected], recorded: &Recorded, report: &mut Report) {
    for (number, partition) in recorded.partitions.iter().enumerate() {
        let definitions = partition.restored.definitions.as_ref();
        let clause_of = |tag: &str| {
            let segments = definitions.map_or(&[][..], |definitions| &definitions.segments);
            segments
                .iter()
                .find(|definition| definition.tag.as_str() == tag)
                .map(|found| found.where_statement.as_str())
        };
        for Expected { tag, possible } in expected {
            let found = clause_of(tag);
            if !possible.contains(&found) {
                report.note(Fault::Mismatched, || {
                    format!("partition {number}: `{tag}` is {found:?}, not one of {possible:?}")
                });
            }
        }
    }
}

fn staying_ids(recorded: &Recorded) -> anyhow::Result<Vec<SegmentId>> {
    let first = recorded.partitions.first().and_then(|partition| partition.restored.definitions.as_ref());
    let definitions = first.context("a partition without definitions")?;
    let id_of = |tag: &str| {
        let found = definitions.segments.iter().find(|definition| definition.tag.as_str() == tag);
        found.map(|definition| definition.segment_id).with_context(|| format!("segment `{tag}` is gone"))
    };
    STAYING.iter().map(|staying| id_of(staying.tag)).collect()
}

fn partition_index(user_id: UserId, recorded: &Recorded) -> usize {
    let partitions = u16::try_from(recorded.partitions.len()).unwrap_or(u16::MAX);
    usize::from(partition_of(user_id, partitions).0)
}
