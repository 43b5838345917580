//! The marks on the parts: which belong together, and in which steps new ones are put.
//!
//! A new mark goes to the store as one that comes, to the log, to the store as one that came, and to
//! the history. So wherever that is interrupted, and however often, the log has one of the two marks
//! that the store names: the next attempt sees which, and begins from that one, so that a second
//! pending mark is never needed. What was finished leaves the store with one mark, and no log of an
//! earlier start has that.
//!
//! The history may be behind, it is filled from the log. So the log keeps its earlier marks, and where
//! it ended under each: a history of one of those that goes no further than that has nothing else.

use std::cmp::Ordering;

use schema::{EarlierMark, HistoryLineage, LogLineage, Mark, Offset, StoreLineage};
use uuid::Uuid;

use super::refusal::{Names, Refusal};

/// Earlier marks that the log keeps: an own history that is older by more starts and stops is refused.
const EARLIER_MARKS: usize = 128;

/// What the parts say of themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    pub(super) store: Option<StoreLineage>,
    pub(super) log: Option<LogLineage>,
    pub(super) history: Option<HistoryLineage>,
    /// How far the history is, by partition.
    pub(super) written: Vec<Offset>,
    /// Where the events in the log end, by partition.
    pub(super) ends: Vec<Offset>,
}

/// What a mark is put for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    Start,
    Stop,
}

/// One write to one part; durable before the next is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Store(StoreLineage),
    Log(LogLineage),
    History(HistoryLineage),
}

/// Refuses parts of different installations.
pub(super) fn check_installation(seen: &Seen, names: &Names) -> Result<(), Refusal> {
    let store = seen.store.as_ref().map(|store| store.installation);
    let log = seen.log.as_ref().map(|log| log.installation);
    let strangers = |one: &String, other: &String| Refusal::Strangers { one: one.clone(), other: other.clone() };
    if store.is_some() && log.is_some() && store != log {
        return Err(strangers(&names.store, &names.log));
    }
    match seen.history.as_ref().map(|history| history.installation) {
        None => Ok(()),
        history if history == log.or(store) => Ok(()),
        _ if log.or(store).is_none() && seen.ends.iter().all(|end| *end == 0) => {
            Err(names.log_too_old("it is empty, and so is the store, and the history is not".to_owned()))
        }
        _ => Err(strangers(&names.history, &names.log)),
    }
}

/// Refuses parts of one installation that were not last used together.
pub(super) fn check(seen: &Seen, names: &Names) -> Result<(), Refusal> {
    check_log(seen, names)?;
    check_own_history(seen, names)
}

/// Refuses a history of another copy beside a log and a store of one.
///
/// One with the mark of the log that goes further is not meant: there the log lost its end.
pub(super) fn check_history(seen: &Seen, names: &Names) -> Result<(), Refusal> {
    let Some(log) = &seen.log else { return Ok(()) };
    let is_of_this_log = seen.history.as_ref().is_some_and(|history| history.mark == log.mark);
    if is_of_this_log || check_log(seen, names).is_err() { Ok(()) } else { check_own_history(seen, names) }
}

fn check_own_history(seen: &Seen, names: &Names) -> Result<(), Refusal> {
    if is_own_history(seen) {
        return Ok(());
    }
    let evidence = format!(
        "the log, which keeps its last {EARLIER_MARKS} marks, lacks that of the history, or had it with less than the \
         history has"
    );
    Err(Refusal::Apart { one: names.history.clone(), other: names.log.clone(), evidence })
}

fn check_log(seen: &Seen, names: &Names) -> Result<(), Refusal> {
    let (store, log) = match (&seen.store, &seen.log) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(names.store_too_old("it was never started with that".to_owned())),
        // The first start was interrupted.
        (Some(StoreLineage { confirmed: None, .. }), None) => return Ok(()),
        (Some(_), None) => return Err(names.log_too_old("it was never started with that".to_owned())),
        (Some(store), Some(log)) => (store, log),
    };
    if [&store.confirmed, &store.pending].into_iter().flatten().any(|mark| *mark == log.mark) {
        return Ok(());
    }
    let evidence = format!("the log counts {} starts, the store {}", log.starts, store.starts);
    Err(match store.starts.cmp(&log.starts) {
        Ordering::Less => names.store_too_old(evidence),
        Ordering::Greater => names.log_too_old(evidence),
        Ordering::Equal => Refusal::Apart {
            one: names.store.clone(),
            other: names.log.clone(),
            evidence: evidence + ", and the last one was marked differently",
        },
    })
}

/// Says whether what the history has is from this log.
fn is_own_history(seen: &Seen) -> bool {
    let goes_no_further = |ends: &[Offset]| seen.written.iter().zip(ends).all(|(written, end)| written <= end);
    // Then no start was finished, and a history with a mark is of one that was interrupted.
    let Some(log) = &seen.log else { return goes_no_further(&seen.ends) };
    let Some(history) = &seen.history else {
        return seen.written.iter().all(|written| *written == 0) || log.mark.is_of_counted_start();
    };
    (history.mark == log.mark && goes_no_further(&seen.ends))
        || log.earlier.iter().any(|earlier| earlier.mark == history.mark && goes_no_further(&earlier.ends))
}

/// Returns the writes that put `mark` on all parts, which belong together.
pub(super) fn steps(seen: &Seen, mark: Mark, turn: Turn) -> Vec<Step> {
    let Seen { store, log, history, .. } = seen;
    let known = log.as_ref().map(|log| log.installation).or(store.as_ref().map(|store| store.installation));
    let installation = known.unwrap_or_else(Uuid::new_v4);
    let counted = store.as_ref().map_or(0, |store| store.starts).max(log.as_ref().map_or(0, |log| log.starts));
    let starts = counted + u64::from(turn == Turn::Start);
    let before = log.as_ref().map(|log| log.mark.clone());

    let store = |confirmed, pending| Step::Store(StoreLineage { installation, starts, confirmed, pending });
    let history_as = |mark| Step::History(HistoryLineage { installation, mark });
    let mut steps = vec![store(before.clone(), Some(mark.clone()))];
    let of_history = match history {
        Some(history) => history.mark.clone(),
        None => {
            // As long as the log still shows that it is of a version that put nothing on the history.
            let first = before.unwrap_or_else(|| mark.clone());
            steps.push(history_as(first.clone()));
            first
        }
    };
    let earlier = earlier_marks(seen, of_history);
    steps.push(Step::Log(LogLineage { installation, starts, mark: mark.clone(), earlier }));
    steps.push(store(Some(mark.clone()), None));
    steps.push(history_as(mark));
    steps
}

/// Returns the marks that the log had, that of the history last: it must not be forgotten.
fn earlier_marks(seen: &Seen, of_history: Mark) -> Vec<EarlierMark> {
    let now = |mark: &Mark| EarlierMark { mark: mark.clone(), ends: seen.ends.clone() };
    let mut earlier = Vec::new();
    if let Some(log) = &seen.log {
        earlier.clone_from(&log.earlier);
        earlier.retain(|earlier| earlier.mark != log.mark);
        earlier.push(now(&log.mark));
    }
    let known = earlier.iter().find(|earlier| earlier.mark == of_history).cloned();
    earlier.retain(|earlier| earlier.mark != of_history);
    earlier.push(known.unwrap_or_else(|| now(&of_history)));
    earlier.drain(..earlier.len().saturating_sub(EARLIER_MARKS));
    earlier
}
