//! The evaluators, asked about each user at each instant.

use std::sync::Arc;

use anyhow::Context as _;
use engine::naive::{self, Person};
use engine::{Catalog, Engine, PartitionClock};
use schema::{Definitions, Generation, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp};

use super::Question;
use super::events::UserRecords;

/// Users whose timers fire at once; the engine goes on where it stopped.
const TIMERS_AT_ONCE: usize = 4096;
const SEGMENT: SegmentId = SegmentId(1);

/// Asks the naive evaluator. Answers are by instant, then by user.
pub(super) fn naive(question: &Question<'_>) -> Vec<Vec<bool>> {
    let at = |now: &Timestamp| question.users.iter().map(|user| naive_member(question, user, *now)).collect();
    question.instants.iter().map(at).collect()
}

fn naive_member(question: &Question<'_>, user: &UserRecords, now: Timestamp) -> bool {
    let traits: Vec<_> = user.said.iter().map(|said| (said.created_at, said.traits.as_str().to_owned())).collect();
    let is_member = |rule, segments: &[String]| {
        naive::is_member_of(rule, &Person { events: &user.events, traits: &traits, segments }, now)
    };
    let mut inside = Vec::new();
    for segment in question.segments {
        if is_member(&segment.rule, &inside) {
            inside.push(segment.tag.to_string());
        }
    }
    is_member(question.rule, &inside)
}

/// Asks the engine: applies everything at the earliest instant, then lets its timers do the rest.
pub(super) fn incremental(question: &Question<'_>) -> anyhow::Result<Vec<Vec<bool>>> {
    let Question { users, instants, .. } = question;
    let catalog = Catalog::freeze(&definitions(question)?).context("freezing the definition")?;
    let mut engine = Engine::new(Arc::new(catalog), PartitionClock::default());
    let mut ascending: Vec<usize> = (0..instants.len()).collect();
    ascending.sort_by_key(|&at| instants[at]);
    if let Some(&first) = ascending.first() {
        for record in users.iter().flat_map(UserRecords::records) {
            engine.apply(&record, instants[first]);
        }
    }
    let mut answers = vec![Vec::new(); instants.len()];
    for at in ascending {
        while engine.clock().now < instants[at] || engine.next_deadline().is_some_and(|due| due <= instants[at]) {
            engine.fire_due(instants[at], TIMERS_AT_ONCE);
        }
        let inside = |user: &UserRecords| engine.segments_of(user.user_id).is_some_and(|all| all.contains(&SEGMENT));
        answers[at] = users.iter().map(inside).collect();
    }
    Ok(answers)
}

fn definitions(question: &Question<'_>) -> anyhow::Result<Definitions> {
    let others = question.segments.iter().map(|segment| (segment.tag.clone(), segment.clause.clone()));
    let asked = (free_tag(question)?, question.clause.to_owned());
    let all = std::iter::once(asked).chain(others).zip(SEGMENT.0..);
    let segments = all.map(|((tag, where_statement), id)| SegmentDefinition {
        segment_id: SegmentId(id),
        tag,
        version: SegmentVersion(1),
        where_statement,
    });
    Ok(Definitions { generation: Generation(1), segments: segments.collect() })
}

/// Returns a tag that none of the others has.
fn free_tag(question: &Question<'_>) -> anyhow::Result<SegmentTag> {
    let taken = |tag: &SegmentTag| question.segments.iter().any(|segment| segment.tag == *tag);
    let mut tags = (0..=question.segments.len()).filter_map(|number| SegmentTag::new(&format!("eval-{number}")));
    tags.find(|tag| !taken(tag)).context("naming the segment")
}
