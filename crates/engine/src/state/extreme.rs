//! Min and max: the best value, or a staircase of values when events leave again.
//!
//! An event that is neither later nor better than another will never be the best one, so only
//! those are kept that are better than everything after them.

use std::cmp::Ordering;

use rules::Value;
use rules::eval::order;
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldKind, FoldSpec, Occurrence};
use crate::user::SeriesState;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extreme {
    /// Ascending by time, from the best value to the worst. At most one when nothing leaves.
    stairs: Vec<(Timestamp, Value)>,
}

impl Fold for Extreme {
    type Item = Value;

    fn item(occurrence: Occurrence, _: &FoldSpec) -> Self::Item {
        occurrence.value
    }

    fn insert(&mut self, time: Timestamp, value: Value, spec: &FoldSpec) {
        // When nothing leaves, all times are alike: one stair.
        let time = if spec.forgets() { time } else { Timestamp::default() };
        let not_before = self.stairs.partition_point(|(known, _)| *known < time);
        if self.stairs.get(not_before).is_some_and(|(_, known)| !is_better(&value, known, spec.kind)) {
            return;
        }
        let not_after = self.stairs.partition_point(|(known, _)| *known <= time);
        let still_better = self.stairs[..not_after].partition_point(|(_, known)| is_better(known, &value, spec.kind));
        self.stairs.splice(still_better..not_after, [(time, value)]);
    }

    fn expire(&mut self, edge: Timestamp) {
        let gone = self.stairs.partition_point(|(time, _)| *time < edge);
        self.stairs.drain(..gone);
    }

    fn oldest(&self, spec: &FoldSpec) -> Option<Timestamp> {
        self.stairs.first().filter(|_| spec.forgets()).map(|(time, _)| *time)
    }

    fn is_empty(&self) -> bool {
        self.stairs.is_empty()
    }

    fn value(&self, _: &FoldSpec) -> Value {
        self.stairs.first().map_or(Value::Null, |(_, value)| value.clone())
    }
}

impl Extreme {
    /// Of a maximum of `created_at`, which is the time of an event.
    pub(super) fn latest_time_in_series(&self) -> Option<SeriesState> {
        match self.stairs.first() {
            Some((_, Value::Timestamp(time))) => Some(SeriesState::Recent { ever: 0, times: vec![*time] }),
            _ => None,
        }
    }
}

fn is_better(left: &Value, right: &Value, kind: FoldKind) -> bool {
    let wanted = if kind == FoldKind::Min { Ordering::Less } else { Ordering::Greater };
    order(left, right) == Some(wanted)
}
