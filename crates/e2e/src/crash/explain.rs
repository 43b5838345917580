//! Whether the log explains a user's published changes: all of them, and no others.
//!
//! The changes say when they were decided but not which records had been applied by then; only an
//! event-caused one names its event. So this walks through time with the set of all numbers of
//! applied records that agree with what was published so far. A change that was missed, made up, or
//! dated wrong empties the set.

use std::collections::BTreeSet;

use schema::{Cause, Event, Generation, SegmentChange, SegmentId, Timestamp};

use super::staying;

/// What one user did and was told.
pub(super) struct UserStory<'a> {
    /// The user's events as they count, in log order.
    pub(super) events: &'a [&'a Event],
    /// The user's changes, in order.
    pub(super) changes: &'a [SegmentChange],
    /// The id of each staying segment, in the order of the list.
    pub(super) segments: &'a [SegmentId],
    /// The instant up to which everything was decided.
    pub(super) now: Timestamp,
    /// The last definitions.
    pub(super) generation: Generation,
}

/// The numbers of applied records that agree with everything so far.
struct Walk<'a> {
    story: &'a UserStory<'a>,
    instants: Vec<Timestamp>,
    possible: BTreeSet<usize>,
    current: BTreeSet<usize>,
    /// The definitions that made a change last.
    generation: Option<Generation>,
    /// The first of `instants` that was not looked at yet.
    next_instant: usize,
}

/// Returns what cannot be explained, if anything.
pub(super) fn explain(story: &UserStory<'_>) -> Result<(), String> {
    let mut walk = Walk {
        story,
        instants: instants(story),
        possible: BTreeSet::from([0]),
        current: BTreeSet::new(),
        generation: None,
        next_instant: 0,
    };
    for change in story.changes {
        walk.pass_until(change.evaluated_at)
            .map_err(|reason| format!("before seq {} at {}: {reason}", change.seq, change.evaluated_at))?;
        walk.publish(change);
        if walk.possible.is_empty() {
            return Err(format!("no state of the log explains seq {}: {change:?}", change.seq));
        }
    }
    walk.pass_until(story.now.plus_micros(1))?;
    if walk.possible.contains(&story.events.len()) {
        return Ok(());
    }
    Err(format!("after {} changes at {} a change is missing", story.changes.len(), story.now))
}

/// Every instant at which something can happen without being named by a change.
fn instants(story: &UserStory<'_>) -> Vec<Timestamp> {
    let edges = story.events.iter().flat_map(|event| staying::edges(event.created_at));
    let arrivals = story.events.iter().map(|event| event.received_at);
    let distinct: BTreeSet<Timestamp> = edges.chain(arrivals).collect();
    distinct.into_iter().collect()
}

impl Walk<'_> {
    fn memberships(&self, applied: usize, now: Timestamp) -> BTreeSet<usize> {
        staying::memberships(&self.story.events[..applied], now)
    }

    /// Lets time pass up to, and without, `until`: nothing was published in between.
    fn pass_until(&mut self, until: Timestamp) -> Result<(), String> {
        while let Some(&instant) = self.instants.get(self.next_instant).filter(|instant| **instant < until) {
            self.next_instant += 1;
            let kept: BTreeSet<usize> = self.agreeing(instant);
            if kept.is_empty() {
                return Err(format!("time alone should have published a change at {instant}"));
            }
            self.possible = kept;
            self.apply_silently(instant);
        }
        Ok(())
    }

    fn agreeing(&self, instant: Timestamp) -> BTreeSet<usize> {
        let agrees = |applied: &usize| self.memberships(*applied, instant) == self.current;
        self.possible.iter().copied().filter(agrees).collect()
    }

    /// Adds the records that may have been applied by now without flipping anything.
    fn apply_silently(&mut self, instant: Timestamp) {
        let mut frontier: Vec<usize> = self.possible.iter().copied().collect();
        while let Some(applied) = frontier.pop() {
            let arrived = self.story.events.get(applied).is_some_and(|event| event.received_at <= instant);
            if arrived && self.memberships(applied + 1, instant) == self.current && self.possible.insert(applied + 1) {
                frontier.push(applied + 1);
            }
        }
    }

    /// Time changes something only where an event leaves or reaches the edge of a window.
    fn after_time(&self, now: Timestamp, after: &BTreeSet<usize>) -> BTreeSet<usize> {
        let at_an_edge = |event: &&Event| staying::edges(event.created_at).any(|edge| edge == now);
        let first = self.story.events.iter().position(at_an_edge);
        let applied = |applied: &usize| first.is_some_and(|first| first < *applied);
        let explained = |applied: &usize| self.memberships(*applied, now) == *after;
        self.possible.iter().copied().filter(applied).filter(explained).collect()
    }

    /// New definitions leave the segments that stay as they are, and each comes once.
    fn after_switch(&mut self, generation: Generation, now: Timestamp, after: &BTreeSet<usize>) -> BTreeSet<usize> {
        let is_new = self.generation < Some(generation) && generation <= self.story.generation;
        self.generation = Some(generation);
        if !is_new || *after != self.current {
            return BTreeSet::new();
        }
        self.agreeing(now)
    }

    fn publish(&mut self, change: &SegmentChange) {
        let now = change.evaluated_at;
        let after: BTreeSet<usize> = (0..self.story.segments.len())
            .filter(|&which| change.segments.contains(&self.story.segments[which]))
            .collect();
        self.possible = match change.cause {
            Cause::Event { event_id } => {
                self.possible = self.agreeing(now);
                self.apply_silently(now);
                let caused = |applied: &usize| {
                    self.story.events.get(*applied).is_some_and(|event| event.event_id == event_id)
                        && self.memberships(applied + 1, now) == after
                };
                self.possible.iter().copied().filter(caused).map(|applied| applied + 1).collect()
            }
            Cause::Time => self.after_time(now, &after),
            Cause::Definition { generation } => self.after_switch(generation, now, &after),
            // No run erases anybody.
            Cause::Deletion => BTreeSet::new(),
        };
        self.current = after;
        if !self.possible.is_empty() {
            self.apply_silently(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::{EventId, UserId};

    use super::*;

    const START: i64 = 1_800_000_000_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(START + micros)
    }

    fn event(number: u128, created: i64, received: i64) -> Event {
        let text = format!(
            r#"{{"event_id":"{}","user_id":1,"activity_type":"page_viewed","created_at":"{}","received_at":"{}","payload":{{}}}}"#,
            uuid::Uuid::from_u128(number),
            at(created),
            at(received)
        );
        serde_json::from_str(&text).unwrap()
    }

    fn change(seq: u64, inside: bool, cause: Cause, evaluated: i64) -> SegmentChange {
        let of = |wanted: bool| if wanted { vec![SegmentId(1)] } else { Vec::new() };
        SegmentChange {
            user_id: UserId(1),
            in_segments: of(inside),
            out_segments: of(!inside),
            segments: of(inside),
            seq,
            cause,
            definition_versions: Default::default(),
            evaluated_at: at(evaluated),
        }
    }

    fn by(number: u128) -> Cause {
        Cause::Event { event_id: EventId(uuid::Uuid::from_u128(number)) }
    }

    /// Two views half a second apart: in `seen-just-now` until two seconds after the second.
    #[track_caller]
    fn check(changes: &[SegmentChange], explained: bool) {
        let events = [event(1, 0, 10), event(2, 500_000, 500_010)];
        let references: Vec<&Event> = events.iter().collect();
        let segments = (1..=6).map(SegmentId).collect::<Vec<_>>();
        let story = UserStory {
            events: &references,
            changes,
            segments: &segments,
            now: at(9_000_000),
            generation: Generation(7),
        };
        let found = explain(&story);
        assert_eq!(found.is_ok(), explained, "{found:?}");
    }

    #[test]
    fn what_happened_is_explained() {
        check(&[change(1, true, by(1), 20), change(2, false, Cause::Time, 2_500_001)], true);
    }

    #[test]
    fn events_that_waited_for_a_restart_may_never_have_entered() {
        check(&[], true);
        check(&[change(1, true, by(2), 2_300_000), change(2, false, Cause::Time, 2_500_001)], true);
    }

    #[test]
    fn an_event_that_was_passed_over_is_found() {
        check(&[change(1, true, by(2), 600_000), change(2, false, Cause::Time, 2_500_001)], false);
    }

    #[test]
    fn a_missing_exit_is_found() {
        check(&[change(1, true, by(1), 20)], false);
    }

    #[test]
    fn an_exit_at_the_wrong_instant_is_found() {
        check(&[change(1, true, by(1), 20), change(2, false, Cause::Time, 2_500_000)], false);
        check(&[change(1, true, by(1), 20), change(2, false, Cause::Time, 2_500_002)], false);
    }

    #[test]
    fn an_exit_with_the_wrong_cause_is_found() {
        let generation = Generation(7);
        for cause in [by(2), Cause::Definition { generation }, Cause::Deletion] {
            check(&[change(1, true, by(1), 20), change(2, false, cause, 2_500_001)], false);
        }
        check(&[change(1, true, Cause::Time, 20), change(2, false, Cause::Time, 2_500_001)], false);
    }

    #[test]
    fn definitions_may_change_other_segments_once_each() {
        let switched = |seq, generation, evaluated| {
            let cause = Cause::Definition { generation: Generation(generation) };
            SegmentChange { segments: vec![SegmentId(1), SegmentId(9)], ..change(seq, true, cause, evaluated) }
        };
        let (first, last) = (change(1, true, by(1), 20), change(4, false, Cause::Time, 2_500_001));
        check(&[first.clone(), switched(2, 6, 800_000), switched(3, 7, 900_000), last.clone()], true);
        check(&[first.clone(), switched(2, 6, 800_000), switched(3, 6, 900_000), last.clone()], false);
        check(&[first, switched(2, 6, 800_000), switched(3, 8, 900_000), last], false);
    }

    #[test]
    fn an_entry_that_no_event_explains_is_found() {
        check(&[change(1, true, by(7), 20), change(2, false, Cause::Time, 2_500_001)], false);
        check(
            &[change(1, true, by(1), 20), change(2, false, Cause::Time, 2_500_001), change(3, true, by(1), 3_000_000)],
            false,
        );
    }
}
