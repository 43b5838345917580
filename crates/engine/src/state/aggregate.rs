//! The state of any aggregate.

use rules::{AggregateSpec, Interpretation, Value, WindowSpec};
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::count::Count;
use super::distinct::Distinct;
use super::ends::Ends;
use super::exists::Exists;
use super::extreme::Extreme;
use super::fold::{FoldKind, FoldSpec, Occurrence};
use super::retained::Retained;
use super::total::Total;
use super::windowed::Windowed;
use crate::user::{Besides, SeriesState};

/// How the state of an aggregate is kept; the same for all users, so the state does not repeat it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Keeping {
    /// Folded event by event.
    Folded(FoldSpec),
    /// Computed anew over the events retained in the window.
    Interpreted { interpretation: Box<Interpretation>, window: WindowSpec },
}

impl Keeping {
    pub(crate) fn of(spec: &AggregateSpec) -> Self {
        match &spec.interpretation {
            Some(interpretation) => Self::Interpreted { interpretation: interpretation.clone(), window: spec.window },
            None => Self::Folded(FoldSpec::of(spec)),
        }
    }
}

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
    Retained(Retained),
}

/// Does the same with the windowed fold of any variant, and something else with retained events.
macro_rules! for_any {
    ($state:expr, $windowed:ident => $result:expr, $retained:ident => $other:expr) => {
        match $state {
            AggregateState::Exists($windowed) => $result,
            AggregateState::Count($windowed) => $result,
            AggregateState::Total($windowed) => $result,
            AggregateState::Extreme($windowed) => $result,
            AggregateState::Distinct($windowed) => $result,
            AggregateState::Ends($windowed) => $result,
            AggregateState::Retained($retained) => $other,
        }
    };
}

impl AggregateState {
    /// Makes the state of a user without events.
    pub(crate) fn empty(keeping: &Keeping) -> Self {
        match keeping {
            Keeping::Folded(fold) => Self::folding(fold.kind),
            Keeping::Interpreted { .. } => Self::Retained(Retained::default()),
        }
    }

    /// Makes the state of a fold over nothing.
    pub(super) fn folding(kind: FoldKind) -> Self {
        match kind {
            FoldKind::Exists => Self::Exists(Windowed::default()),
            FoldKind::Count => Self::Count(Windowed::default()),
            FoldKind::CountDistinct => Self::Distinct(Windowed::default()),
            FoldKind::Sum | FoldKind::Avg => Self::Total(Windowed::default()),
            FoldKind::Min | FoldKind::Max => Self::Extreme(Windowed::default()),
            FoldKind::Last | FoldKind::First => Self::Ends(Windowed::default()),
        }
    }

    /// Returns whether it is kept in that way.
    pub(crate) fn is_of(&self, keeping: &Keeping) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(&Self::empty(keeping))
    }

    pub(crate) fn insert(&mut self, occurrence: Occurrence, keeping: &Keeping, now: Timestamp) {
        match (self, keeping) {
            (Self::Retained(retained), Keeping::Interpreted { window, .. }) => {
                retained.insert(occurrence, *window, now);
            }
            (state, Keeping::Folded(fold)) => state.fold(occurrence, fold, now),
            _ => {}
        }
    }

    pub(super) fn fold(&mut self, occurrence: Occurrence, fold: &FoldSpec, now: Timestamp) {
        for_any!(self, windowed => windowed.insert(occurrence, fold, now), _retained => ());
    }

    /// Brings it to `now`: moves its window, or computes its value.
    pub(crate) fn advance(&mut self, keeping: &Keeping, now: Timestamp, besides: &Besides<'_>) {
        match (self, keeping) {
            (Self::Retained(retained), Keeping::Interpreted { interpretation, window }) => {
                retained.settle(interpretation, *window, now, besides);
            }
            (state, Keeping::Folded(fold)) => {
                for_any!(state, windowed => windowed.advance(fold, now), _retained => ());
            }
            _ => {}
        }
    }

    /// Returns whether an event came that only advancing takes into account.
    pub(crate) fn is_unsettled(&self) -> bool {
        matches!(self, Self::Retained(retained) if !retained.is_settled())
    }

    /// Forgets what was computed, which more than events and time has changed.
    pub(crate) fn unsettle(&mut self) {
        if let Self::Retained(retained) = self {
            retained.unsettle();
        }
    }

    pub(crate) fn next_change(&self, keeping: &Keeping) -> Option<Timestamp> {
        let Keeping::Folded(fold) = keeping else {
            return for_any!(self, _windowed => None, retained => retained.next_change());
        };
        for_any!(self, windowed => windowed.next_change(fold), _retained => None)
    }

    pub(crate) fn value(&self, keeping: &Keeping) -> Value {
        let Keeping::Folded(fold) = keeping else {
            return for_any!(self, _windowed => Value::Null, retained => retained.value());
        };
        self.folded_value(fold)
    }

    pub(super) fn folded_value(&self, fold: &FoldSpec) -> Value {
        for_any!(self, windowed => windowed.value(fold), _retained => Value::Null)
    }

    pub(crate) fn is_empty(&self) -> bool {
        for_any!(self, windowed => windowed.is_empty(), retained => retained.is_empty())
    }

    /// Returns what it knows of the series that is kept in its place now, if one can be.
    pub(crate) fn in_series(&self) -> Option<SeriesState> {
        match self {
            Self::Exists(windowed) => Some(windowed.inside().in_series()),
            Self::Count(windowed) => Some(windowed.inside().in_series()),
            Self::Extreme(windowed) => windowed.inside().latest_time_in_series(),
            Self::Total(windowed) => windowed.inside().in_series(),
            Self::Ends(windowed) => windowed.inside().in_series(),
            Self::Distinct(_) | Self::Retained(_) => None,
        }
    }
}
