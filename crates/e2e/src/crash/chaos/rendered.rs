//! What Databend says of the outcome: how often it has each event, and who is in each segment by its rendered SQL.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use schema::{SegmentChange, Timestamp, UserId};
use warehouse::databend::Databend;

use super::absence::count;
use crate::crash::report::{Fault, Report};
use crate::record::Recorded;

/// Compares what an analyst sees on Databend with what was read of the history, record by record, before.
pub(super) async fn check_events(databend: &Databend, recorded: &Recorded, report: &mut Report) -> anyhow::Result<()> {
    let expected: usize = recorded.partitions.iter().map(|partition| partition.history.len()).sum();
    let seen = count(databend, "events").await?;
    if seen != expected as u64 {
        report.note(Fault::Mismatched, || format!("the view `events` has {seen} rows, the history {expected}"));
    }
    let twice = "(SELECT 1 FROM events GROUP BY user_id, event_id HAVING count(*) > 1)";
    let repeated = count(databend, twice).await?;
    for _ in 0..repeated {
        report.note(Fault::Repeated, || format!("{repeated} events are on Databend more than once"));
    }
    Ok(())
}

/// Runs the SQL of every definition on Databend, as of an instant at which nothing changes any more, and
/// compares who it names with who was published.
pub(super) async fn check_memberships(
    databend: &Databend,
    changes: &BTreeMap<UserId, Vec<SegmentChange>>,
    recorded: &Recorded,
    passed: Timestamp,
    report: &mut Report,
) -> anyhow::Result<()> {
    let decided = recorded.partitions.iter().map(|partition| partition.restored.now).max();
    let now = decided.unwrap_or(passed).max(passed);
    let definitions = recorded.partitions.first().and_then(|partition| partition.restored.definitions.as_ref());
    for definition in &definitions.context("a partition without definitions")?.segments {
        let rule = rules::compile(&definition.where_statement).rule.context("a rule that does not compile any more")?;
        let selected: BTreeSet<UserId> =
            databend.user_ids(&rules::render::databend(&rule, now)).await?.into_iter().collect();
        let is_in = |changes: &Vec<SegmentChange>| {
            changes.last().is_some_and(|change| change.segments.contains(&definition.segment_id))
        };
        let published: BTreeSet<UserId> =
            changes.iter().filter(|(_, changes)| is_in(changes)).map(|(user_id, _)| *user_id).collect();
        for user_id in selected.symmetric_difference(&published) {
            report.note(Fault::Mismatched, || {
                let (tag, is_selected) = (definition.tag.as_str(), selected.contains(user_id));
                format!("user {user_id}, segment `{tag}` at {now}: by its SQL on Databend {is_selected}, published otherwise")
            });
        }
    }
    Ok(())
}
