//! When time alone will change a part of a clause, asked of the engine.
//!
//! Every part becomes a segment of its own, the user's events are absorbed once, and then timers
//! fire, one after the other, until each has changed or nothing is left that could.

use std::sync::Arc;

use rules::Rule;
use schema::{
    Definitions, Generation, LogRecord, Payload, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion, Timestamp,
    UserTraits,
};

use super::known::Known;
use crate::{Catalog, CatalogError, Engine, PartitionClock};

/// How many timers are looked at; each is an instant at which some value changes, mostly without
/// changing any part of the clause.
const MAX_TIMERS: usize = 10_000;
/// How many retained events are looked at in all, timer by timer, when something is computed over them.
const MAX_VISITS: usize = 4_000_000;

/// How long something stays as it is while no event comes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Until {
    /// The first instant at which it is different.
    At(Timestamp),
    /// It stays for ever.
    Forever,
    /// At least until then; further ahead was not looked.
    AtLeast(Timestamp),
}

/// Returns for each rule how long the user, whose events these are, stays in or out of it.
pub(super) fn until(rules: Vec<Rule>, known: &Known, now: Timestamp) -> Result<Vec<Until>, CatalogError> {
    let events = &known.events;
    let Some(user_id) = events.first().map(|event| event.user_id) else {
        return Ok(vec![Until::Forever; rules.len()]);
    };
    let interprets =
        rules.iter().any(|rule| rules::plan::plan(rule).is_ok_and(|plan| plan.interpreted().next().is_some()));
    let timers = if interprets { MAX_VISITS / events.len().pow(2).max(1) } else { MAX_TIMERS }.clamp(1, MAX_TIMERS);
    let mut found = vec![Until::Forever; rules.len()];
    let mut engine = engine(rules, known, now)?;
    debug_assert!(engine.segments_of(user_id).is_some(), "a user with events has state");
    let mut unchanged = found.len();
    for _ in 0..timers {
        let Some(deadline) = engine.next_deadline().filter(|_| unchanged > 0) else { return Ok(found) };
        for change in engine.fire_due(deadline, 1) {
            for segment_id in change.in_segments.iter().chain(&change.out_segments) {
                // The others come behind the parts.
                if let Some(until) = found.get_mut(segment_id.0 as usize).filter(|until| **until == Until::Forever) {
                    *until = Until::At(change.evaluated_at);
                    unchanged -= 1;
                }
            }
        }
    }
    let looked_at = engine.as_of().plus_micros(1);
    found.iter_mut().filter(|until| **until == Until::Forever).for_each(|until| *until = Until::AtLeast(looked_at));
    Ok(found)
}

/// Makes an engine at `now` with what is known behind it; segment `n` is rule `n`, and behind them are
/// the segments that they depend on.
fn engine(rules: Vec<Rule>, known: &Known, now: Timestamp) -> Result<Engine, CatalogError> {
    let nothing = Catalog::freeze(&Definitions::default())?;
    let mut engine = Engine::new(Arc::new(nothing), PartitionClock { now, log_time: now });
    if let Some(said) = said(known, now) {
        engine.apply(&LogRecord::Traits(said), now);
    }
    let tags = unused_prefix(known);
    let others = known.others.iter().map(|(definition, rule)| (definition.clone(), rule.clone()));
    let parts = rules.into_iter().enumerate().filter_map(|(number, rule)| Some((definition(&tags, number)?, rule)));
    let renumbered = parts
        .chain(others)
        .zip(0..)
        .map(|((definition, rule), number)| (SegmentDefinition { segment_id: SegmentId(number), ..definition }, rule));
    engine.begin_absorbing(Arc::new(Catalog::of_rules(Generation(1), renumbered.collect())?));
    known.events.iter().for_each(|event| engine.absorb(event));
    engine.switch_catalog(now);
    Ok(engine)
}

fn said(known: &Known, now: Timestamp) -> Option<UserTraits> {
    let (event, first) = (known.events.first()?, known.traits.first()?);
    let (user_id, event_id, traits) = (event.user_id, event.event_id, Payload::from(&known.traits));
    Some(UserTraits { user_id, event_id, created_at: first, received_at: now, traits })
}

/// Returns what no tag of the other segments begins with.
fn unused_prefix(known: &Known) -> String {
    let mut prefix = "p".to_owned();
    while known.others.iter().any(|(definition, _)| definition.tag.as_str().starts_with(&prefix)) {
        prefix.push('p');
    }
    prefix
}

/// `None` is for tags that are not well-formed, as when all of them begin alike for too long.
fn definition(prefix: &str, number: usize) -> Option<SegmentDefinition> {
    let tag = SegmentTag::new(&format!("{prefix}-{number}"))?;
    let (segment_id, version) = (SegmentId(0), SegmentVersion(1));
    Some(SegmentDefinition { segment_id, tag, version, where_statement: String::new() })
}
