//! The events of a user that an interpreted aggregate can still need, and its value over them.
//!
//! Computing it again is the fold: when one of the events comes, and at the earliest instant at which
//! time alone can make any difference. What it means is in [`super::interpret`].

use rules::{Column, Interpretation, Value, WindowSpec};
use schema::{EventId, Timestamp};
use serde::{Deserialize, Serialize};

use super::fold::Occurrence;
use super::interpret::{LEAST_ROWS, Run};
use super::lookups::{Lookups, ways};
use crate::user::Besides;

/// What is kept of an event.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct RetainedRow {
    pub(super) time: Timestamp,
    pub(super) event_id: EventId,
    /// As the interpretation lists them.
    pub(super) columns: Vec<Value>,
}

/// The value of the aggregate, and how long it is that.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Decided {
    pub(super) value: Value,
    /// Before it, time alone changes nothing; `None` is never. May be early.
    pub(super) next_change: Option<Timestamp>,
}

/// After more events than this, computing anew is no slower than going on from before.
const MAX_CAME: usize = 8;

/// What was decided before the last events came.
#[derive(Clone, PartialEq, Debug)]
struct Before {
    decided: Decided,
    /// The places of the rows that came since.
    came: Vec<usize>,
}

/// The retained events, and what follows from them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Retained {
    /// Ascending by time and event; no event is there twice unless it counted twice.
    rows: Vec<RetainedRow>,
    /// Of the instant it was last settled at; `None` since an event came.
    decided: Option<Decided>,
    /// Between an event and the settling after it, which it spares most of the work. Not stored.
    #[serde(skip)]
    before: Option<Before>,
    /// Not stored either; of many rows alone.
    #[serde(skip)]
    lookups: Option<Box<Lookups>>,
}

impl RetainedRow {
    /// Returns the value of one of the columns that are retained, which are these.
    pub(super) fn column(&self, columns: &[Column], column: Column) -> Value {
        columns.binary_search(&column).map_or(Value::Null, |at| self.columns[at].clone())
    }
}

impl Retained {
    /// Retains an event. What follows from it is not known before it is settled.
    pub(crate) fn insert(&mut self, occurrence: Occurrence, window: WindowSpec, now: Timestamp) {
        let Occurrence { time, event_id, columns, .. } = occurrence;
        if window.is_past(time, now) {
            return;
        }
        let before = |known: &RetainedRow| (known.time, known.event_id) <= (time, event_id);
        let at = self.rows.partition_point(before);
        if let Some(lookups) = &mut self.lookups {
            lookups.make_room(at, self.rows.len());
        }
        self.rows.insert(at, RetainedRow { time, event_id, columns });
        self.note_came(at);
    }

    fn note_came(&mut self, at: usize) {
        if let Some(decided) = self.decided.take() {
            self.before = Some(Before { decided, came: Vec::new() });
        }
        let Some(before) = &mut self.before else { return };
        before.came.iter_mut().filter(|place| **place >= at).for_each(|place| *place += 1);
        before.came.push(at);
        if before.came.len() > MAX_CAME {
            self.before = None;
        }
    }

    /// Forgets what is needed no more, and computes the value at `now`.
    pub(crate) fn settle(
        &mut self,
        interpretation: &Interpretation,
        window: WindowSpec,
        now: Timestamp,
        besides: &Besides<'_>,
    ) {
        let gone = self.rows.partition_point(|row| window.is_past(row.time, now));
        self.rows.drain(..gone);
        let mut lookups = self.lookups.take().unwrap_or_default();
        lookups.leave(gone, self.rows.len());
        let ways = if self.rows.len() < LEAST_ROWS { Vec::new() } else { ways(interpretation) };
        lookups.catch_up(&ways, interpretation, &self.rows);
        let run = Run::new(interpretation, &self.rows, (&ways, &lookups), now, besides);
        let more = self.before.take().and_then(|Before { decided, came }| {
            let came: Vec<_> = came.into_iter().filter_map(|place| place.checked_sub(gone)).collect();
            run.interpret_more(&came, &decided)
        });
        self.decided = Some(more.unwrap_or_else(|| run.interpret()));
        self.lookups = lookups.kept_for(self.rows.len());
    }

    /// Forgets what was decided.
    pub(crate) fn unsettle(&mut self) {
        (self.decided, self.before) = (None, None);
        self.lookups = None;
    }

    /// Returns the earliest instant at which time alone can change the value; at once, when it is not known.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        match &self.decided {
            Some(decided) => decided.next_change,
            None => Some(Timestamp::MIN),
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.decided.is_some()
    }

    pub(crate) fn value(&self) -> Value {
        debug_assert!(self.is_settled(), "a value is asked for after it was settled");
        self.decided.as_ref().map_or(Value::Null, |decided| decided.value.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns how many rows were looked at so far.
    #[cfg(test)]
    pub(super) fn looked_at(&self) -> u64 {
        self.lookups.as_ref().map_or(0, |lookups| lookups.looked.get())
    }
}

#[cfg(test)]
mod tests {
    use rules::plan::plan;
    use rules::{AggregateSpec, compile};
    use schema::{Decimal, Definitions, Event, UserId};

    use super::*;
    use crate::Catalog;
    use crate::catalog::CatalogAggregate;

    const MORE: u64 = 40;

    fn interpreted(clause: &str) -> AggregateSpec {
        let rule = compile(clause).rule.expect("the clause compiles");
        let plan = plan(&rule).expect("the rule can be planned");
        plan.interpreted().next().expect("it is interpreted").clone()
    }

    fn event(number: u64) -> Event {
        let activity = if number.is_multiple_of(2) { "page_viewed" } else { "product_purchased" };
        let time = Timestamp::from_micros(number as i64 * 60_000_000);
        let mut event = testkit::event(UserId(1), u128::from(number), activity, time);
        event.region = Some(format!("region {}", number % 3).into());
        event.url = Some(format!("/product/{}", number / 2).into());
        event.order_total = Decimal::parse_column("9.99", 18, 4).ok();
        event
    }

    /// Returns how many rows are looked at for each of some events that come after so many.
    fn looked_at(clause: &str, events: u64) -> u64 {
        let spec = interpreted(clause);
        let (interpretation, window) = (spec.interpretation.clone().expect("it is interpreted"), spec.window);
        let aggregate = CatalogAggregate::new(spec.key(), spec);
        let catalog = Catalog::freeze(&Definitions::default()).expect("there is nothing to refuse");
        let besides = Besides { catalog: &catalog, said: None, members: &[] };
        let mut retained = Retained::default();
        let come = |retained: &mut Retained, number| {
            let event = event(number);
            let occurrence = aggregate.occurrence(&event).expect("an event of use");
            retained.insert(occurrence, window, event.created_at);
            event.created_at
        };
        let mut now = Timestamp::default();
        for number in 0..events {
            now = come(&mut retained, number);
        }
        retained.settle(&interpretation, window, now, &besides);
        let mut before = 0;
        for number in events..events + 2 * MORE {
            // All are filed once when the first ones come.
            if number == events + MORE {
                before = retained.looked_at();
            }
            now = come(&mut retained, number);
            retained.settle(&interpretation, window, now, &besides);
        }
        (retained.looked_at() - before).div_ceil(MORE)
    }

    /// Most rows have nothing to do with one more: how many there are must not matter.
    #[track_caller]
    fn check(clause: &str) {
        let (few, many) = (looked_at(clause, 500), looked_at(clause, 4_000));
        assert!(many <= few.max(4), "{many} rows are looked at for each event after 4,000, {few} after 500: {clause}");
    }

    #[test]
    fn how_many_events_there_are_does_not_matter_for_what_few_of_them_have_in_common() {
        check(
            "EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.url = v.url \
             AND p.activity_type = 'product_purchased' WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' \
             AND p.event_id IS NULL AND v.region IS NULL)",
        );
        check(
            "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url WHERE v.user_id = events.user_id \
             AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_returned' AND v.created_at >= now() - INTERVAL 30 DAY \
             AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 HOUR)",
        );
    }

    #[test]
    fn groups_are_told_by_one_of_their_events() {
        check("user_id IN (SELECT user_id FROM events GROUP BY user_id, region HAVING count(*) > 1000000)");
        check(
            "user_id IN (SELECT user_id FROM events WHERE created_at >= now() - INTERVAL 30 DAY GROUP BY user_id, region \
             HAVING count(*) > 1000000)",
        );
        check(
            "user_id IN (SELECT user_id FROM events GROUP BY user_id, date_trunc('week', created_at) HAVING count(*) > 1000000)",
        );
    }

    #[test]
    fn an_event_that_has_one_behind_it_is_not_the_last_again() {
        check(
            "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS n \
             FROM events) t WHERE t.n = 1 AND t.region = 'region 1')",
        );
        check(
            "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at) AS n \
             FROM events) t WHERE t.n = 1000000)",
        );
    }
}
