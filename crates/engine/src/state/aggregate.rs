//! The state of any aggregate.

use rules::Value;
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::count::Count;
use super::distinct::Distinct;
use super::ends::Ends;
use super::exists::Exists;
use super::extreme::Extreme;
use super::fold::{FoldKind, FoldSpec, Occurrence};
use super::total::Total;
use super::windowed::Windowed;
use crate::user::SeriesState;

/// The state of one aggregate of one user.
///
/// Stored: the order of the variants, and everything below them, belongs to the format of `codec`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum AggregateState {
    Exists(Windowed<Exists>),
    Count(Windowed<Count>),
    Total(Windowed<Total>),
    Extreme(Windowed<Extreme>),
    Distinct(Windowed<Distinct>),
    Ends(Windowed<Ends>),
}

/// Does the same with the windowed fold of any variant.
macro_rules! for_any {
    ($state:expr, $windowed:ident => $result:expr) => {
        match $state {
            AggregateState::Exists($windowed) => $result,
            AggregateState::Count($windowed) => $result,
            AggregateState::Total($windowed) => $result,
            AggregateState::Extreme($windowed) => $result,
            AggregateState::Distinct($windowed) => $result,
            AggregateState::Ends($windowed) => $result,
        }
    };
}

impl AggregateState {
    /// Makes the state of a user without events.
    pub(crate) fn empty(kind: FoldKind) -> Self {
        match kind {
            FoldKind::Exists => Self::Exists(Windowed::default()),
            FoldKind::Count => Self::Count(Windowed::default()),
            FoldKind::CountDistinct => Self::Distinct(Windowed::default()),
            FoldKind::Sum | FoldKind::Avg => Self::Total(Windowed::default()),
            FoldKind::Min | FoldKind::Max => Self::Extreme(Windowed::default()),
            FoldKind::Last | FoldKind::First => Self::Ends(Windowed::default()),
        }
    }

    /// Returns whether it is the state of an aggregate of that kind.
    pub(crate) fn is_of(&self, kind: FoldKind) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(&Self::empty(kind))
    }

    pub(crate) fn insert(&mut self, occurrence: Occurrence, spec: &FoldSpec, now: Timestamp) {
        for_any!(self, windowed => windowed.insert(occurrence, spec, now));
    }

    pub(crate) fn advance(&mut self, spec: &FoldSpec, now: Timestamp) {
        for_any!(self, windowed => windowed.advance(spec, now));
    }

    pub(crate) fn next_change(&self, spec: &FoldSpec) -> Option<Timestamp> {
        for_any!(self, windowed => windowed.next_change(spec))
    }

    pub(crate) fn value(&self, spec: &FoldSpec) -> Value {
        for_any!(self, windowed => windowed.value(spec))
    }

    pub(crate) fn is_empty(&self) -> bool {
        for_any!(self, windowed => windowed.is_empty())
    }

    /// Returns what it knows of the series that is kept in its place now, if one can be.
    pub(crate) fn in_series(&self) -> Option<SeriesState> {
        match self {
            Self::Exists(windowed) => Some(windowed.inside().in_series()),
            Self::Count(windowed) => Some(windowed.inside().in_series()),
            Self::Extreme(windowed) => windowed.inside().latest_time_in_series(),
            Self::Total(windowed) => windowed.inside().in_series(),
            Self::Ends(windowed) => windowed.inside().in_series(),
            Self::Distinct(_) => None,
        }
    }
}
