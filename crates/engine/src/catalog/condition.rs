//! The conditions of a catalog: what a bit of a user says.

use rules::rule::Comparison;
use rules::{Expr, NowComparison};
use schema::Timestamp;

use super::aggregate::Slot;
use super::series::SeriesIndex;

/// One comparison that is TRUE or not; equal ones are shared by rules.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Condition {
    /// About one series alone.
    OfSeries(SeriesIndex, SeriesCondition),
    /// About the latest times of two series.
    Order(Order),
    /// Any expression, over aggregates that are folded one by one.
    General(Box<GeneralCondition>),
}

/// What is asked of the events of one series.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum SeriesCondition {
    /// At least so many events lie not before `now + from`.
    Recent { count: u32, from: i64 },
    /// At least so many events ever.
    Ever { count: u64 },
    /// The latest value is that constant of the series.
    Is { constant: u32 },
    /// There is a latest value.
    IsKnown,
    /// The total of one of the series' windows compares so with units; over nothing it is decided.
    Total { window: u32, op: Comparison, threshold: i128, over_nothing: bool },
}

impl SeriesCondition {
    /// Returns where it lies among the conditions of its series: what is asked of fewer events first.
    pub(super) const fn place(self) -> (u8, u64) {
        match self {
            Self::Ever { count } => (0, count),
            Self::Recent { count, .. } => (1, count as u64),
            Self::Is { constant } => (2, constant as u64),
            Self::IsKnown => (3, 0),
            Self::Total { window, .. } => (4, window as u64),
        }
    }
}

/// What a condition asks of a series of times, in short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// At least so many events
    pub(crate) count: u64,
    /// not before `now` and this,
    pub(crate) from: i64,
    /// or at any time, of which only the number is kept.
    pub(crate) is_ever: bool,
}

impl Asked {
    /// Returns nothing that holds for a condition that is of another kind.
    pub(super) const fn of(condition: &Condition) -> Self {
        match condition {
            Condition::OfSeries(_, SeriesCondition::Recent { count, from }) => {
                Self { count: *count as u64, from: *from, is_ever: false }
            }
            Condition::OfSeries(_, SeriesCondition::Ever { count }) => Self { count: *count, from: 0, is_ever: true },
            _ => Self { count: u64::MAX, from: 0, is_ever: true },
        }
    }
}

/// The latest time of a series, or another one when there is no event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LatestTime {
    pub(crate) series: SeriesIndex,
    pub(crate) otherwise: Option<Timestamp>,
}

/// A comparison of two latest times; not TRUE when one of them is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Order {
    pub(crate) left: LatestTime,
    pub(crate) op: Comparison,
    pub(crate) right: LatestTime,
}

impl Order {
    pub(crate) fn holds(self, latest: impl Fn(SeriesIndex) -> Option<Timestamp>) -> bool {
        let time = |side: LatestTime| latest(side.series).or(side.otherwise);
        matches!((time(self.left), time(self.right)), (Some(left), Some(right)) if self.op.holds(left.cmp(&right)))
    }
}

/// An expression over a rule's aggregates.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GeneralCondition {
    /// TRUE exactly when the condition holds.
    pub(crate) expr: Expr,
    /// Which of the catalog's aggregates each slot of the rule's plan is; `None` when it is not read here.
    pub(crate) slots: Vec<Option<Slot>>,
    /// Where time alone may flip it, besides its aggregates. May hold more than that.
    pub(crate) now_comparisons: Vec<NowComparison>,
}
