//! The events of a user that an interpreted aggregate can still need, and its value over them.
//!
//! Computing it again is the fold: when one of the events comes, and at the earliest instant at which
//! time alone can make any difference. What it means is in [`super::interpret`].

use rules::{Interpretation, Value, WindowSpec};
use schema::{EventId, Timestamp};
use serde::{Deserialize, Serialize};

use super::fold::Occurrence;
use super::interpret::{interpret, interpret_more};
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
        let more = self.before.take().and_then(|Before { decided, came }| {
            let came: Vec<_> = came.into_iter().filter_map(|place| place.checked_sub(gone)).collect();
            interpret_more(interpretation, &self.rows, &came, &decided, now, besides)
        });
        self.decided = Some(more.unwrap_or_else(|| interpret(interpretation, &self.rows, now, besides)));
    }

    /// Forgets what was decided.
    pub(crate) fn unsettle(&mut self) {
        (self.decided, self.before) = (None, None);
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
}
