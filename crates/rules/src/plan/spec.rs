//! The shape of a plan.

use schema::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::CalendarUnit;
use crate::rule::Comparison;
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind};

/// Which events count, by `created_at - now` in microseconds; both edges are included.
///
/// `created_at > now() - INTERVAL 1 DAY` is `from = -86_400_000_000 + 1`: times are whole
/// microseconds, so every edge can be written as an included one, and equal windows are equal.
/// An event at `t` is inside exactly while `t - until <= now <= t - from`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct WindowSpec {
    /// The least `created_at - now` that counts; `None` is no lower edge.
    pub from: Option<i64>,
    /// The greatest `created_at - now` that counts; `None` is no upper edge.
    pub until: Option<i64>,
    /// What `now` is cut down to for the lower edge: `date_trunc(unit, now())`.
    pub from_unit: Option<CalendarUnit>,
    /// Likewise for the upper edge.
    pub until_unit: Option<CalendarUnit>,
}

impl WindowSpec {
    /// Returns the window of what is inside of both; `None` when two edges of different units would
    /// have to be one.
    #[must_use]
    pub fn intersected(self, other: Self) -> Option<Self> {
        let (from, from_unit) = edge((self.from, self.from_unit), (other.from, other.from_unit), i64::max)?;
        let (until, until_unit) = edge((self.until, self.until_unit), (other.until, other.until_unit), i64::min)?;
        Some(Self { from, until, from_unit, until_unit })
    }

    /// Returns a window without an upper edge that begins before either does; edges of different units
    /// have none in common.
    #[must_use]
    pub(super) fn hull(self, other: Self) -> Self {
        // `None`, no edge, is less than any.
        let from = if self.from_unit == other.from_unit { self.from.min(other.from) } else { None };
        let from_unit = from.and(self.from_unit);
        Self { from, from_unit, ..Self::default() }
    }

    /// Returns whether surely no instant lies inside, whatever `now` is.
    pub fn is_empty(self) -> bool {
        let apart = matches!((self.from, self.until), (Some(from), Some(until)) if from > until);
        apart && self.from_unit == self.until_unit
    }

    /// Returns the first instant that counts at `now`; `None` is since ever.
    pub fn start(self, now: Timestamp) -> Option<Timestamp> {
        self.from.map(|from| floor(self.from_unit, now).plus_micros(from))
    }

    /// Returns whether an event at `time` counts at `now`.
    pub fn contains(self, time: Timestamp, now: Timestamp) -> bool {
        !self.is_ahead(time, now) && !self.is_past(time, now)
    }

    /// Returns whether an event at `time` does not count yet at `now`.
    pub fn is_ahead(self, time: Timestamp, now: Timestamp) -> bool {
        self.until.is_some_and(|until| time.micros_since(floor(self.until_unit, now)) > until)
    }

    /// Returns whether an event at `time` does not count any more at `now`.
    pub fn is_past(self, time: Timestamp, now: Timestamp) -> bool {
        self.from.is_some_and(|from| time.micros_since(floor(self.from_unit, now)) < from)
    }

    /// Returns the first instant at which an event at `time` counts; `None` is since ever.
    pub fn enters_at(self, time: Timestamp) -> Option<Timestamp> {
        self.until.map(|until| reaches(self.until_unit, time.plus_micros(-until)))
    }

    /// Returns the first instant at which an event at `time` counts no more; `None` is never.
    pub fn leaves_at(self, time: Timestamp) -> Option<Timestamp> {
        self.from.map(|from| passes(self.from_unit, time.plus_micros(-from)))
    }
}

type Edge = (Option<i64>, Option<CalendarUnit>);

fn edge(left: Edge, right: Edge, nearer: fn(i64, i64) -> i64) -> Option<Edge> {
    match (left, right) {
        ((None, _), other) | (other, (None, _)) => Some(other),
        ((Some(at), unit), (Some(other), other_unit)) => (unit == other_unit).then(|| (Some(nearer(at, other)), unit)),
    }
}

/// Returns `now`, cut down if there is a unit.
fn floor(unit: Option<CalendarUnit>, now: Timestamp) -> Timestamp {
    unit.map_or(now, |unit| unit.floor(now))
}

/// Returns the first `now` which, cut down, is not before `time`.
fn reaches(unit: Option<CalendarUnit>, time: Timestamp) -> Timestamp {
    unit.map_or(time, |unit| unit.ceil(time))
}

/// Returns the first `now` which, cut down, is after `time`.
fn passes(unit: Option<CalendarUnit>, time: Timestamp) -> Timestamp {
    unit.map_or_else(|| time.plus_micros(1), |unit| unit.after(time))
}

/// How much of a count its readers need to know. Ordered: the greater one serves the lesser as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Demand {
    /// The value up to this bound; beyond it any value not less than the bound will do.
    UpTo(u32),
    /// The exact value.
    Exact,
}

/// An aggregate as it is kept per user.
#[derive(Clone, PartialEq, Debug)]
pub struct AggregateSpec {
    /// What is computed; its argument names neither `now()` nor aggregates.
    pub function: AggregateFunction,
    /// Which events can count at all; names neither `now()` nor aggregates.
    ///
    /// A conjunction is flat, its parts in canonical order: `a AND b` is `b AND a`.
    pub filter: Option<Expr>,
    /// When they count.
    pub window: WindowSpec,
    /// How much of it this rule needs to know.
    pub demand: Demand,
    /// How it is computed when it cannot be folded event by event. Then `filter` and `window` say which
    /// events are retained for it, and `function` is as it was written.
    pub interpretation: Option<Box<Interpretation>>,
}

/// An aggregate that is computed anew over the retained events when one of them comes or time passes.
#[derive(Clone, PartialEq, Debug)]
pub struct Interpretation {
    /// What is computed. Every comparison with `now()` in it, also inside of aggregates, is a
    /// [`crate::ExprKind::Slot`]: an index into `now_comparisons`.
    pub aggregate: Aggregate,
    /// Over the row that the slot stands at; `time` may hold aggregates.
    pub now_comparisons: Vec<NowComparison>,
    /// The columns that are needed of a retained event, ascending.
    pub columns: Vec<Column>,
}

/// Fingerprint of function, argument, filter and window of an [`AggregateSpec`]: equal keys share state.
///
/// Excludes the demand: the state holds as much as its most demanding reader needs. Stable across
/// releases: it is filed under in stored state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AggregateKey(pub u128);

/// A place in a plan's membership where a time is compared with `now()`: `time op now() + offset`.
///
/// Time alone flips it; see [`NowComparison::next_flip`].
#[derive(Clone, PartialEq, Debug)]
pub struct NowComparison {
    /// The time, over the plan's aggregates (in an interpretation, over its row); does not name `now()`.
    pub time: Expr,
    /// How it is compared.
    pub op: Comparison,
    /// What is added to `now()`, in microseconds.
    pub offset: i64,
    /// What `now()` is cut down to first.
    pub unit: Option<CalendarUnit>,
}

impl NowComparison {
    /// Returns whether the comparison is TRUE of a time at `now`.
    pub fn holds(&self, time: Timestamp, now: Timestamp) -> bool {
        self.op.holds(time.cmp(&floor(self.unit, now).plus_micros(self.offset)))
    }

    /// Returns the first instant after `now` at which the comparison flips while `time` stays the same.
    pub fn next_flip(&self, time: Timestamp, now: Timestamp) -> Option<Timestamp> {
        // The instant from which on the right side is not less, and the one from which on it is greater.
        let start = time.plus_micros(self.offset.saturating_neg());
        let (equal, passed) = (reaches(self.unit, start), passes(self.unit, start));
        let flips = match self.op {
            Comparison::Less | Comparison::GreaterOrEqual => [passed, passed],
            Comparison::LessOrEqual | Comparison::Greater => [equal, equal],
            Comparison::Equal | Comparison::NotEqual => [equal, passed],
        };
        flips.into_iter().find(|flip| *flip > now)
    }
}

/// A rule lowered to aggregates.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The aggregates that `membership` names by index ([`crate::ExprKind::Slot`]); no two are equal.
    pub aggregates: Vec<AggregateSpec>,
    /// The user is a member exactly when this is TRUE. Names no columns.
    pub membership: Expr,
    /// Every comparison with `now()` in `membership`.
    pub now_comparisons: Vec<NowComparison>,
}

impl Plan {
    /// Returns whether anything of it is read that `users` says.
    pub fn reads_traits(&self) -> bool {
        let mut reads = false;
        self.walk(&mut |part| reads |= matches!(part.kind, ExprKind::OfUser(_)));
        reads
    }

    /// Returns the tags of the segments that decide it, each once, ascending.
    pub fn segments(&self) -> Vec<&str> {
        let mut tags = std::collections::BTreeSet::new();
        self.walk(&mut |part| {
            if let ExprKind::InSegment(tag) = &part.kind {
                tags.insert(tag.as_str());
            }
        });
        tags.into_iter().collect()
    }

    /// Calls `visit` for everything that is computed, inside of interpreted aggregates too.
    fn walk<'p>(&'p self, visit: &mut impl FnMut(&'p Expr)) {
        self.membership.walk(visit);
        for interpretation in self.aggregates.iter().filter_map(|spec| spec.interpretation.as_ref()) {
            interpretation.aggregate.children().for_each(|part| part.walk(visit));
            interpretation.now_comparisons.iter().for_each(|comparison| comparison.time.walk(visit));
        }
    }

    /// Returns the aggregates that are computed over retained events.
    pub fn interpreted(&self) -> impl Iterator<Item = &AggregateSpec> {
        self.aggregates.iter().filter(|spec| spec.interpretation.is_some())
    }
}
