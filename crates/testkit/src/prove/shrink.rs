//! From a disagreement to the smallest one that can be found: fewer events, a shorter clause.

use std::collections::BTreeSet;

use anyhow::Context;
use schema::{Event, Payload, Timestamp, UserId};

use super::Clause;
use super::triple::{Answers, Histories, ask_databend, ask_incremental, ask_naive};
use crate::Random;
use crate::databend::Databend;

/// How many smaller mismatches are tried: each costs a load and one or two queries.
const MAX_ATTEMPTS: usize = 400;

/// A clause, the events of some users and an instant at which the evaluators do not agree.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// What was asked.
    pub clause: Clause,
    /// All events.
    pub events: Vec<Event>,
    /// When.
    pub now: Timestamp,
    /// What they said.
    pub answers: Answers,
    /// Decides the order of arrival in the incremental engine.
    pub random: Random,
}

/// Asks every evaluator about one clause.
pub async fn ask(
    databend: &Databend,
    clause: &Clause,
    events: &[Event],
    now: Timestamp,
    random: &Random,
) -> anyhow::Result<Option<Answers>> {
    let text = clause.print();
    let Some(rule) = rules::compile(&text).rule else { return Ok(None) };
    databend.clear_events().await?;
    databend.load(events).await?;
    let mut histories = Histories::new();
    for event in events {
        histories.entry(event.user_id).or_default().push(event.clone());
    }
    let (rendered, typed) = ask_databend(databend, &text, &rule, now).await?;
    let incremental = ask_incremental(&mut random.clone(), &[text], &histories, &[now])?;
    Ok(Some(Answers {
        naive: ask_naive(&rule, &histories, now),
        incremental: incremental.into_iter().next().and_then(|members| members.into_iter().next()),
        rendered,
        typed,
    }))
}

/// Makes a disagreement smaller until no step makes it smaller still.
pub async fn shrink(databend: &Databend, found: Mismatch) -> anyhow::Result<Mismatch> {
    let mut smallest = found;
    let mut attempts = 0;
    while let Some(smaller) = step(databend, &smallest, &mut attempts).await? {
        smallest = smaller;
    }
    Ok(smallest)
}

async fn step(databend: &Databend, from: &Mismatch, attempts: &mut usize) -> anyhow::Result<Option<Mismatch>> {
    for (clause, events) in candidates(from) {
        if *attempts == MAX_ATTEMPTS {
            return Ok(None);
        }
        *attempts += 1;
        let asked = ask(databend, &clause, &events, from.now, &from.random).await;
        let answers = asked.with_context(|| format!("shrinking {}", from.clause.print()))?;
        if let Some(answers) = answers.filter(|answers| !answers.agree()) {
            return Ok(Some(Mismatch { clause, events, answers, ..from.clone() }));
        }
    }
    Ok(None)
}

/// Returns what is one step smaller: the other users away, an event less, a piece of the clause less, a column of an event less.
fn candidates(from: &Mismatch) -> Vec<(Clause, Vec<Event>)> {
    let users: BTreeSet<UserId> = from.events.iter().map(|event| event.user_id).collect();
    let mut candidates = Vec::new();
    if users.len() > 1 {
        for user_id in users {
            let alone = from.events.iter().filter(|event| event.user_id == user_id).cloned().collect();
            candidates.push((from.clause.clone(), alone));
        }
    }
    for at in 0..from.events.len() {
        let mut fewer = from.events.clone();
        fewer.remove(at);
        candidates.push((from.clause.clone(), fewer));
    }
    let length = from.clause.print().len();
    let shorter = from.clause.smaller().into_iter().filter(|clause| clause.print().len() < length);
    candidates.extend(shorter.map(|clause| (clause, from.events.clone())));
    for at in 0..from.events.len() {
        for event in plainer(&from.events[at]) {
            let mut plainer = from.events.clone();
            plainer[at] = event;
            candidates.push((from.clause.clone(), plainer));
        }
    }
    candidates
}

/// Returns the event with one column emptied, for every column that is not empty.
fn plainer(event: &Event) -> Vec<Event> {
    let without = |empty: fn(&mut Event)| {
        let mut plainer = event.clone();
        empty(&mut plainer);
        plainer
    };
    let plainer = [
        without(|event| event.region = None),
        without(|event| event.country = None),
        without(|event| event.device_type = None),
        without(|event| event.url = None),
        without(|event| event.element_id = None),
        without(|event| event.order_id = None),
        without(|event| event.order_total = None),
        without(|event| event.received_at = event.created_at),
        without(|event| event.payload = Payload::empty()),
    ];
    plainer.into_iter().filter(|plainer| plainer != event).collect()
}
