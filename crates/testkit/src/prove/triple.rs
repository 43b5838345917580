//! One (rule, histories, instant), asked of every evaluator.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use engine::{Catalog, Engine, PartitionClock, naive};
use rules::Rule;
use schema::{
    Definitions, Event, Generation, LogRecord, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp,
    UserId,
};

use super::typed;
use crate::Random;
use crate::databend::{Databend, Refused, answered};

/// Events by user.
pub type Histories = BTreeMap<UserId, Vec<Event>>;
/// Who is in the segment, ascending.
pub type Members = Vec<UserId>;

/// How many users one call of `fire_due` may fire.
const FIRE_LIMIT: usize = 3;
/// How many calls may pass before the engine's clock has reached an instant: far more than deadlines.
const MAX_SWEEPS: usize = 100_000;

/// What every evaluator says at one instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answers {
    /// Every event looked at anew.
    pub naive: Members,
    /// Aggregates folded event by event, timers fired on the way; `None` when it was not asked.
    pub incremental: Option<Members>,
    /// The rendered SQL on Databend.
    pub rendered: Result<Members, Refused>,
    /// The clause as it was typed on Databend; `None` when it is no SQL of Databend's.
    pub typed: Option<Members>,
}

impl Answers {
    /// Returns whether all that were asked say the same.
    pub fn agree(&self) -> bool {
        self.rendered.as_ref() == Ok(&self.naive)
            && self.incremental.as_ref().is_none_or(|members| *members == self.naive)
            && self.typed.as_ref().is_none_or(|members| *members == self.naive)
    }
}

/// Asks the evaluator that looks at every event anew.
pub fn ask_naive(rule: &Rule, histories: &Histories, now: Timestamp) -> Members {
    let members = histories.iter().filter(|(_, events)| naive::is_member(rule, events, now));
    members.map(|(user_id, _)| *user_id).collect()
}

/// Asks Databend, whose table `events` holds the histories, both for the rendered rule and for the typed text.
pub async fn ask_databend(
    databend: &Databend,
    text: &str,
    rule: &Rule,
    now: Timestamp,
) -> anyhow::Result<(Result<Members, Refused>, Option<Members>)> {
    let rendered = answered(databend.user_ids(&rules::render::databend(rule, now)).await)?;
    let typed = match typed::query(text, rule, now) {
        // What Databend refuses is not its SQL, or a cast or a division of the analyst fails.
        Some(sql) => answered(databend.user_ids(&sql).await)?.ok(),
        None => None,
    };
    Ok((rendered, typed))
}

/// Asks the incremental engine about all clauses at all instants (ascending), sharing what they share.
///
/// Every event is applied before the first instant, in another order than that of `created_at`, some
/// of them twice, with time passing in between.
pub fn ask_incremental(
    random: &mut Random,
    texts: &[String],
    histories: &Histories,
    instants: &[Timestamp],
) -> anyhow::Result<Vec<Vec<Members>>> {
    let catalog = Catalog::freeze(&definitions(texts)?).context("freezing the catalog")?;
    let first = instants.first().copied().unwrap_or_default();
    let start = first.plus_micros(-1 - random.below(86_400_000_000) as i64);
    let mut engine = Engine::new(Arc::new(catalog), PartitionClock { now: start, log_time: start });
    for event in arrivals(random, histories) {
        let now = start.plus_micros(random.below(first.micros_since(start) as usize + 1) as i64);
        engine.apply(&LogRecord::Event(event), now);
    }
    let mut members = vec![Vec::new(); texts.len()];
    for instant in instants {
        advance(&mut engine, *instant)?;
        let in_segments: Vec<_> =
            histories.keys().map(|user_id| (*user_id, engine.segments_of(*user_id).unwrap_or_default())).collect();
        for (index, members) in members.iter_mut().enumerate() {
            let segment = SegmentId(index as i64 + 1);
            members.push(
                in_segments
                    .iter()
                    .filter(|(_, segments)| segments.contains(&segment))
                    .map(|(user_id, _)| *user_id)
                    .collect(),
            );
        }
    }
    Ok(members)
}

fn advance(engine: &mut Engine, instant: Timestamp) -> anyhow::Result<()> {
    for _ in 0..MAX_SWEEPS {
        engine.fire_due(instant, FIRE_LIMIT);
        // A clock that has arrived may have left other users behind who are due at that very instant.
        if engine.clock().now >= instant && engine.next_deadline().is_none_or(|deadline| deadline > instant) {
            return Ok(());
        }
    }
    anyhow::bail!("the engine never reaches {instant}: its clock stands at {}", engine.clock().now)
}

fn definitions(texts: &[String]) -> anyhow::Result<Definitions> {
    let segments = texts.iter().enumerate().map(|(index, text)| {
        Ok(SegmentDefinition {
            segment_id: SegmentId(index as i64 + 1),
            tag: SegmentTag::new(&format!("clause-{index}")).context("naming a segment")?,
            version: SegmentVersion(1),
            where_statement: text.clone(),
        })
    });
    Ok(Definitions { generation: Generation(1), segments: segments.collect::<anyhow::Result<_>>()? })
}

/// Returns all events in a random order, every tenth of them twice.
fn arrivals(random: &mut Random, histories: &Histories) -> Vec<Event> {
    let mut waiting: Vec<Event> = histories.values().flatten().cloned().collect();
    let mut arrived = Vec::new();
    while !waiting.is_empty() {
        let event = waiting.swap_remove(random.below(waiting.len()));
        if random.chance(10) {
            arrived.push(event.clone());
        }
        arrived.push(event);
    }
    arrived
}
