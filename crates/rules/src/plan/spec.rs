//! The shape of a plan.

use schema::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rule::Comparison;
use crate::{Aggregate, AggregateFunction, Column, Expr};

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
}

impl WindowSpec {
    /// Returns the window of what is inside of both.
    #[must_use]
    pub fn intersected(self, other: Self) -> Self {
        // `None` is less than any lower edge, but must not win as the lesser upper edge.
        let until = match (self.until, other.until) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (left, right) => left.or(right),
        };
        Self { from: self.from.max(other.from), until }
    }

    /// Returns whether no instant lies inside, whatever `now` is.
    pub fn is_empty(self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if from > until)
    }

    /// Returns whether an event at `time` counts at `now`.
    pub fn contains(self, time: Timestamp, now: Timestamp) -> bool {
        !self.is_ahead(time, now) && !self.is_past(time, now)
    }

    /// Returns whether an event at `time` does not count yet at `now`.
    pub fn is_ahead(self, time: Timestamp, now: Timestamp) -> bool {
        self.until.is_some_and(|until| time.micros_since(now) > until)
    }

    /// Returns whether an event at `time` does not count any more at `now`.
    pub fn is_past(self, time: Timestamp, now: Timestamp) -> bool {
        self.from.is_some_and(|from| time.micros_since(now) < from)
    }

    /// Returns the first instant at which an event at `time` counts; `None` is since ever.
    pub fn enters_at(self, time: Timestamp) -> Option<Timestamp> {
        self.until.map(|until| time.plus_micros(-until))
    }

    /// Returns the first instant at which an event at `time` counts no more; `None` is never.
    pub fn leaves_at(self, time: Timestamp) -> Option<Timestamp> {
        self.from.map(|from| time.plus_micros(-from).plus_micros(1))
    }
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
}

impl NowComparison {
    /// Returns the first instant after `now` at which the comparison flips while `time` stays the same.
    pub fn next_flip(&self, time: Timestamp, now: Timestamp) -> Option<Timestamp> {
        // The instant at which both sides are equal, and the first one after it.
        let equal = time.plus_micros(self.offset.saturating_neg());
        let passed = equal.plus_micros(1);
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
    /// Returns the aggregates that are computed over retained events.
    pub fn interpreted(&self) -> impl Iterator<Item = &AggregateSpec> {
        self.aggregates.iter().filter(|spec| spec.interpretation.is_some())
    }
}
