//! Sum and average: a running total, with its parts when events leave again.

use std::collections::VecDeque;

use rules::Value;
use rules::eval::average;
use schema::{Decimal, Timestamp};
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldKind, FoldSpec, Occurrence};
use super::wide_sum::WideSum;
use crate::user::SeriesState;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Total {
    sum: WideSum,
    count: u64,
    /// Of events that leave again: ascending by time, then by units.
    parts: VecDeque<(Timestamp, i128)>,
}

impl Fold for Total {
    /// Units of the fold's scale.
    type Item = i128;

    fn item(occurrence: Occurrence, spec: &FoldSpec) -> Self::Item {
        match occurrence.value {
            Value::Integer(whole) => i128::from(whole),
            // A value of its type has its scale already.
            Value::Decimal(decimal) => decimal.rescale_up(spec.scale.unwrap_or(0)).unwrap_or(decimal).units(),
            _ => 0,
        }
    }

    fn insert(&mut self, time: Timestamp, units: i128, spec: &FoldSpec) {
        self.sum.add(units);
        self.count += 1;
        if spec.forgets() {
            let at = self.parts.partition_point(|known| *known <= (time, units));
            self.parts.insert(at, (time, units));
        }
    }

    fn expire(&mut self, edge: Timestamp) {
        let gone = self.parts.partition_point(|(time, _)| *time < edge);
        for (_, units) in self.parts.drain(..gone) {
            self.sum.subtract(units);
            self.count -= 1;
        }
    }

    fn oldest(&self, _: &FoldSpec) -> Option<Timestamp> {
        self.parts.front().map(|(time, _)| *time)
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn value(&self, spec: &FoldSpec) -> Value {
        let sum = self.sum(spec);
        if spec.kind == FoldKind::Avg { average(&sum, i64::try_from(self.count).unwrap_or(i64::MAX)) } else { sum }
    }
}

impl Total {
    pub(super) fn in_series(&self) -> Option<SeriesState> {
        let units = |(time, units): &(Timestamp, i128)| Some((*time, i64::try_from(*units).ok()?));
        let parts: Vec<(Timestamp, i64)> = self.parts.iter().map(units).collect::<Option<_>>()?;
        let (count, sum) = if parts.is_empty() { (self.count, self.sum.get()?) } else { (0, 0) };
        Some(SeriesState::Total { count, sum, parts })
    }

    /// NULL over nothing, and where the total passes what its type holds.
    fn sum(&self, spec: &FoldSpec) -> Value {
        let units = if self.count == 0 { None } else { self.sum.get() };
        let value = units.and_then(|units| match spec.scale {
            Some(scale) => Decimal::new(units, scale).map(Value::Decimal),
            None => i64::try_from(units).ok().map(Value::Integer),
        });
        value.unwrap_or(Value::Null)
    }
}
