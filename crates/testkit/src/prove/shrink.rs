//! From a disagreement to the smallest one that can be found: fewer events, a shorter clause.

use std::collections::BTreeMap;

use anyhow::Context;
use schema::{Event, Payload, Timestamp, UserId};
use serde_json::value::RawValue;

use super::Clause;
use super::history::{Histories, Known};
use super::segments::{Question, Segment, ask_naive, memberships};
use super::triple::{Answers, ask_databend, ask_incremental, load, load_members};
use crate::Random;
use crate::databend::Databend;

/// How many smaller mismatches are tried: each costs a load and one or two queries.
const MAX_ATTEMPTS: usize = 400;

/// A clause, some users' histories and an instant.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is asked.
    pub clause: Clause,
    /// The segments that it can name.
    pub segments: Vec<Segment>,
    /// What is known of the users.
    pub histories: Histories,
    /// When.
    pub now: Timestamp,
    /// Decides the order of arrival in the incremental engine.
    pub random: Random,
}

/// A case about which the evaluators do not agree.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// What was asked.
    pub case: Case,
    /// What they said.
    pub answers: Answers,
}

/// Asks every evaluator about one case; `None` when its clause is refused.
pub async fn ask(databend: &Databend, case: &Case) -> anyhow::Result<Option<Answers>> {
    let Some(question) = Question::new(case.clause.clone()) else { return Ok(None) };
    let Case { segments, histories, now, random, .. } = case;
    let inside = memberships(segments, histories, *now);
    load(databend, histories).await?;
    load_members(databend, &inside).await?;
    let (rendered, typed) = ask_databend(databend, &question.text, &question.rule, *now).await?;
    let texts = [question.text];
    let incremental = ask_incremental(&mut random.clone(), segments, &texts, histories, &[*now])?;
    Ok(Some(Answers {
        naive: ask_naive(&question.rule, histories, &inside, *now),
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
    for case in candidates(&from.case) {
        if *attempts == MAX_ATTEMPTS {
            return Ok(None);
        }
        *attempts += 1;
        let asked = ask(databend, &case).await;
        let answers = asked.with_context(|| format!("shrinking {}", from.case.clause.print()))?;
        if let Some(answers) = answers.filter(|answers| !answers.agree()) {
            return Ok(Some(Mismatch { case, answers }));
        }
    }
    Ok(None)
}

/// Returns what is one step smaller: the other users away, a record or a segment less, a piece of a clause less,
/// a column of an event or a trait less; and at last the users numbered as a scenario numbers them.
fn candidates(from: &Case) -> Vec<Case> {
    let mut histories = Vec::new();
    if from.histories.len() > 1 {
        histories.extend(from.histories.iter().map(|(user_id, known)| [(*user_id, known.clone())].into()));
    }
    histories.extend(with_other(&from.histories, without_a_record));
    let of = |histories: Histories| Case { histories, ..from.clone() };
    let mut candidates: Vec<Case> = histories.into_iter().map(of).collect();
    for at in 0..from.segments.len() {
        let mut fewer = from.clone();
        fewer.segments.remove(at);
        candidates.push(fewer);
    }
    candidates.extend(shorter(&from.clause).map(|clause| Case { clause, ..from.clone() }));
    for (at, segment) in from.segments.iter().enumerate() {
        for question in shorter(&segment.question.clause).filter_map(Question::new) {
            let mut plainer = from.clone();
            plainer.segments[at].question = question;
            candidates.push(plainer);
        }
    }
    candidates.extend(with_other(&from.histories, plainer_records).into_iter().map(of));
    candidates.extend(renumbered(&from.histories).map(of));
    candidates
}

/// Returns the users of whom anything is known with the numbers from 1 on, if they have others.
fn renumbered(histories: &Histories) -> Option<Histories> {
    let known = histories.values().filter(|known| known.records().next().is_some());
    let renumbered: Histories = (1..)
        .map(UserId)
        .zip(known.cloned())
        .map(|(user_id, mut known)| {
            known.events.iter_mut().for_each(|event| event.user_id = user_id);
            known.said.iter_mut().for_each(|said| said.user_id = user_id);
            (user_id, known)
        })
        .collect();
    (renumbered != *histories).then_some(renumbered)
}

/// Returns whether the users have the numbers that a scenario gives them.
pub(super) fn is_numbered(histories: &Histories) -> bool {
    renumbered(histories).is_none()
}

fn shorter(clause: &Clause) -> impl Iterator<Item = Clause> {
    let length = clause.print().len();
    clause.smaller().into_iter().filter(move |clause| clause.print().len() < length)
}

/// Returns the histories with each of what one of the users could have instead.
fn with_other(histories: &Histories, others: fn(&Known) -> Vec<Known>) -> Vec<Histories> {
    let of_user = |(user_id, known): (&UserId, &Known)| -> Vec<Histories> {
        let with = |known| {
            let mut changed = histories.clone();
            changed.insert(*user_id, known);
            changed
        };
        others(known).into_iter().map(with).collect()
    };
    histories.iter().flat_map(of_user).collect()
}

fn without_a_record(known: &Known) -> Vec<Known> {
    let mut fewer = Vec::new();
    for at in 0..known.events.len() {
        let mut without = known.clone();
        without.events.remove(at);
        fewer.push(without);
    }
    for at in 0..known.said.len() {
        let mut without = known.clone();
        without.said.remove(at);
        fewer.push(without);
    }
    fewer
}

fn plainer_records(known: &Known) -> Vec<Known> {
    let mut all = Vec::new();
    for (at, event) in known.events.iter().enumerate() {
        for event in plainer(event) {
            let mut changed = known.clone();
            changed.events[at] = event;
            all.push(changed);
        }
    }
    for (at, said) in known.said.iter().enumerate() {
        for traits in without_a_key(&said.traits) {
            let mut changed = known.clone();
            changed.said[at].traits = traits;
            all.push(changed);
        }
    }
    all
}

/// Returns the object with one key less, for every key.
fn without_a_key(object: &Payload) -> Vec<Payload> {
    let read: BTreeMap<String, &RawValue> = serde_json::from_str(object.as_str()).unwrap_or_default();
    let without = |key: &String| {
        let mut fewer = read.clone();
        fewer.remove(key);
        serde_json::value::to_raw_value(&fewer).ok().map(Payload::new)
    };
    read.keys().filter_map(without).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::Sort;

    #[test]
    fn users_are_numbered_in_their_order_once_nothing_else_is_smaller() {
        let now = Timestamp::default();
        let known = |user_id| Known { events: vec![crate::event(user_id, 1, "page_viewed", now)], said: Vec::new() };
        let of = |ids: &[i64]| -> Histories { ids.iter().map(|id| (UserId(*id), known(UserId(*id)))).collect() };
        let mut histories = of(&[412, 17]);
        histories.insert(UserId(300), Known::default());
        let clause = Clause::text(Sort::Boolean, "TRUE");
        let case = Case { clause, segments: Vec::new(), histories, now, random: Random::new(1) };
        let last = candidates(&case).pop().unwrap().histories;
        assert_eq!(last, of(&[1, 2]));
        assert!(is_numbered(&last) && !is_numbered(&case.histories));
    }
}
