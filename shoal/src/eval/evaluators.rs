//! The evaluators, asked about each user at each instant.

use std::sync::Arc;

use anyhow::Context as _;
use engine::{Catalog, Engine, PartitionClock};
use rules::Rule;
use schema::{Definitions, Generation, LogRecord, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp};

use super::events::UserEvents;

/// Users whose timers fire at once; the engine goes on where it stopped.
const TIMERS_AT_ONCE: usize = 4096;
const SEGMENT: SegmentId = SegmentId(1);

/// Asks the naive evaluator. Answers are by instant, then by user.
pub(super) fn naive(rule: &Rule, users: &[UserEvents], instants: &[Timestamp]) -> Vec<Vec<bool>> {
    let at = |now: &Timestamp| users.iter().map(|user| engine::naive::is_member(rule, &user.events, *now)).collect();
    instants.iter().map(at).collect()
}

/// Asks the engine: applies everything at the earliest instant, then lets its timers do the rest.
pub(super) fn incremental(
    clause: &str,
    users: &[UserEvents],
    instants: &[Timestamp],
) -> anyhow::Result<Vec<Vec<bool>>> {
    let catalog = Catalog::freeze(&definitions(clause)?).context("freezing the definition")?;
    let mut engine = Engine::new(Arc::new(catalog), PartitionClock::default());
    let mut ascending: Vec<usize> = (0..instants.len()).collect();
    ascending.sort_by_key(|&at| instants[at]);
    if let Some(&first) = ascending.first() {
        for event in users.iter().flat_map(|user| &user.events) {
            engine.apply(&LogRecord::Event(event.clone()), instants[first]);
        }
    }
    let mut answers = vec![Vec::new(); instants.len()];
    for at in ascending {
        while engine.clock().now < instants[at] || engine.next_deadline().is_some_and(|due| due <= instants[at]) {
            engine.fire_due(instants[at], TIMERS_AT_ONCE);
        }
        let inside = |user: &UserEvents| engine.segments_of(user.user_id).is_some_and(|all| all.contains(&SEGMENT));
        answers[at] = users.iter().map(inside).collect();
    }
    Ok(answers)
}

fn definitions(clause: &str) -> anyhow::Result<Definitions> {
    let tag = SegmentTag::new("eval").context("naming the segment")?;
    let where_statement = clause.to_owned();
    let segment = SegmentDefinition { segment_id: SEGMENT, tag, version: SegmentVersion(1), where_statement };
    Ok(Definitions { generation: Generation(1), segments: vec![segment] })
}
