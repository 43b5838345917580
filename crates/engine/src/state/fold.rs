//! What all folds have in common.

use rules::{AggregateFunction, AggregateSpec, Demand, SqlType, Value, WindowSpec};
use schema::{EventId, Timestamp};

/// What is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FoldKind {
    Exists,
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Last,
    First,
}

/// How an aggregate is folded; the same for all users, so the state does not repeat it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct FoldSpec {
    pub(crate) kind: FoldKind,
    pub(crate) window: WindowSpec,
    /// How many occurrences (or values) are enough to know; `None` is all.
    pub(crate) enough: Option<usize>,
    /// Digits behind the point of what is added up; `None` for integers.
    pub(crate) scale: Option<u8>,
}

impl FoldSpec {
    pub(crate) fn of(spec: &AggregateSpec) -> Self {
        let enough = match spec.demand {
            Demand::UpTo(bound) => Some(bound as usize),
            Demand::Exact => None,
        };
        Self { window: spec.window, enough, ..Self::of_all(&spec.function) }
    }

    /// Makes the fold over all events, exactly.
    pub(crate) fn of_all(function: &AggregateFunction) -> Self {
        let (kind, argument) = match function {
            AggregateFunction::Exists => (FoldKind::Exists, None),
            AggregateFunction::CountAll => (FoldKind::Count, None),
            AggregateFunction::Count(argument) => (FoldKind::Count, Some(argument)),
            AggregateFunction::CountDistinct(argument) => (FoldKind::CountDistinct, Some(argument)),
            AggregateFunction::Sum(argument) => (FoldKind::Sum, Some(argument)),
            AggregateFunction::Avg(argument) => (FoldKind::Avg, Some(argument)),
            AggregateFunction::Min(argument) => (FoldKind::Min, Some(argument)),
            AggregateFunction::Max(argument) => (FoldKind::Max, Some(argument)),
            AggregateFunction::Last(argument) => (FoldKind::Last, Some(argument)),
            AggregateFunction::First(argument) => (FoldKind::First, Some(argument)),
            // It is always interpreted.
            AggregateFunction::Funnel { .. } => (FoldKind::Exists, None),
        };
        let scale = argument.and_then(|argument| match argument.sql_type {
            SqlType::Decimal { scale } => Some(scale),
            _ => None,
        });
        Self { kind, window: WindowSpec::default(), enough: None, scale }
    }

    /// Returns whether events leave the window again.
    pub(crate) const fn forgets(&self) -> bool {
        self.window.from.is_some()
    }
}

/// One event as a fold sees it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Occurrence {
    pub(crate) time: Timestamp,
    pub(crate) event_id: EventId,
    /// The argument's value, not NULL (TRUE for functions without an argument).
    pub(crate) value: Value,
    /// The columns that are retained of it; none for a fold.
    pub(crate) columns: Vec<Value>,
}

/// The part of a state that is about the events inside the window.
pub(crate) trait Fold: Default {
    /// What is kept of an event.
    type Item;

    /// Takes from an event what the fold keeps of it.
    fn item(occurrence: Occurrence, spec: &FoldSpec) -> Self::Item;

    /// Folds an event that lies inside.
    fn insert(&mut self, time: Timestamp, item: Self::Item, spec: &FoldSpec);

    /// Forgets everything before `edge`. Only called when the spec forgets.
    fn expire(&mut self, edge: Timestamp);

    /// Returns the time of the event whose leaving changes the value next, if events leave.
    fn oldest(&self, spec: &FoldSpec) -> Option<Timestamp>;

    /// Returns whether it is as if there had been no event.
    fn is_empty(&self) -> bool;

    /// Returns the value of the aggregate.
    fn value(&self, spec: &FoldSpec) -> Value;
}
