//! One (rule, histories, instant), asked of every evaluator.

use std::sync::Arc;

use anyhow::Context;
use engine::{Catalog, Engine, PartitionClock};
use rules::Rule;
use schema::{
    Definitions, Event, Generation, LogRecord, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp,
};

use super::history::{Histories, Known};
use super::segments::{Members, Memberships, Segment};
use super::typed::Typed;
use crate::Random;
use crate::databend::{Databend, Refused, answered};

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
    /// The clause as it was typed on Databend.
    pub typed: Typed,
}

impl Answers {
    /// Returns whether all that were asked say the same.
    pub fn agree(&self) -> bool {
        self.rendered.as_ref() == Ok(&self.naive)
            && self.incremental.as_ref().is_none_or(|members| *members == self.naive)
            && self.typed.allows(&self.naive)
    }
}

/// Fills the tables `events` and `users` of Databend.
pub async fn load(databend: &Databend, histories: &Histories) -> anyhow::Result<()> {
    let events: Vec<Event> = histories.values().flat_map(|known| known.events.iter().cloned()).collect();
    let users: Vec<_> = histories.iter().map(|(user_id, known)| (*user_id, known.standing())).collect();
    databend.clear_tables().await?;
    databend.load_events(&events).await?;
    Ok(databend.load_users(&users).await?)
}

/// Fills the table `segment_members` of Databend.
pub async fn load_members(databend: &Databend, inside: &Memberships) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for (user_id, tags) in inside {
        for tag in tags {
            rows.push((SegmentTag::new(tag).context("naming a segment")?, *user_id));
        }
    }
    Ok(databend.replace_members(&rows).await?)
}

/// Asks Databend, whose tables hold the histories and who is in which segment, both for the rendered rule and for the typed text.
pub async fn ask_databend(
    databend: &Databend,
    text: &str,
    rule: &Rule,
    now: Timestamp,
) -> anyhow::Result<(Result<Members, Refused>, Typed)> {
    let rendered = answered(databend.user_ids(&rules::render::databend(rule, now)).await)?;
    Ok((rendered, Typed::ask(databend, text, rule, now).await?))
}

/// Asks the incremental engine about all clauses at all instants (ascending), sharing what they share.
///
/// Every record is applied before the first instant, in another order than that of `created_at`, some
/// of them twice, with time passing in between.
pub fn ask_incremental(
    random: &mut Random,
    segments: &[Segment],
    texts: &[String],
    histories: &Histories,
    instants: &[Timestamp],
) -> anyhow::Result<Vec<Vec<Members>>> {
    let catalog = Catalog::freeze(&definitions(segments, texts)?).context("freezing the catalog")?;
    let first = instants.first().copied().unwrap_or_default();
    let start = first.plus_micros(-1 - random.below(86_400_000_000) as i64);
    let mut engine = Engine::new(Arc::new(catalog), PartitionClock { now: start, log_time: start });
    for record in arrivals(random, histories) {
        let now = start.plus_micros(random.below(first.micros_since(start) as usize + 1) as i64);
        engine.apply(&record, now);
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

/// The clauses come first, so that some segments depend on later ones.
fn definitions(segments: &[Segment], texts: &[String]) -> anyhow::Result<Definitions> {
    let tag = |index| SegmentTag::new(&format!("clause-{index}")).context("naming a segment");
    let clauses = texts.iter().enumerate().map(|(index, text)| Ok((tag(index)?, text.clone())));
    let named = segments.iter().map(|segment| Ok((segment.tag.clone(), segment.question.text.clone())));
    let all = clauses.chain(named).collect::<anyhow::Result<Vec<_>>>()?;
    let segments = all.into_iter().zip(1..).map(|((tag, where_statement), id)| SegmentDefinition {
        segment_id: SegmentId(id),
        tag,
        version: SegmentVersion(1),
        where_statement,
    });
    Ok(Definitions { generation: Generation(1), segments: segments.collect() })
}

/// Returns all records in a random order, every tenth of them twice.
fn arrivals(random: &mut Random, histories: &Histories) -> Vec<LogRecord> {
    let mut waiting: Vec<LogRecord> = histories.values().flat_map(Known::records).collect();
    let mut arrived = Vec::new();
    while !waiting.is_empty() {
        let record = waiting.swap_remove(random.below(waiting.len()));
        if random.chance(10) {
            arrived.push(record.clone());
        }
        arrived.push(record);
    }
    arrived
}
