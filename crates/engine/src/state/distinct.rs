//! How many different values: the values, with their latest times when events leave again.
//!
//! As for counts, "at least n different ones" needs n values: when events leave, the n that were
//! seen most recently; when none leaves, any n, and the n least ones do not depend on the order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rules::Value;
use rules::eval::compare;
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldSpec, Occurrence};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Distinct {
    latest: BTreeMap<DistinctValue, Timestamp>,
}

/// A value that is not NULL, among values of one type: these are totally ordered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DistinctValue(Value);

impl Ord for DistinctValue {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for DistinctValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DistinctValue {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for DistinctValue {}

impl Fold for Distinct {
    type Item = Value;

    fn item(occurrence: Occurrence, _: &FoldSpec) -> Self::Item {
        occurrence.value
    }

    fn insert(&mut self, time: Timestamp, value: Value, spec: &FoldSpec) {
        // When nothing leaves, all times are alike.
        let time = if spec.forgets() { time } else { Timestamp::default() };
        let latest = self.latest.entry(DistinctValue(value)).or_insert(time);
        *latest = time.max(*latest);
        while spec.enough.is_some_and(|enough| self.latest.len() > enough) {
            self.forget_one(spec);
        }
    }

    fn expire(&mut self, edge: Timestamp) {
        self.latest.retain(|_, time| *time >= edge);
    }

    fn oldest(&self, spec: &FoldSpec) -> Option<Timestamp> {
        self.latest.values().min().copied().filter(|_| spec.forgets())
    }

    fn is_empty(&self) -> bool {
        self.latest.is_empty()
    }

    fn value(&self, _: &FoldSpec) -> Value {
        Value::Integer(self.latest.len() as i64)
    }
}

impl Distinct {
    fn forget_one(&mut self, spec: &FoldSpec) {
        if !spec.forgets() {
            self.latest.pop_last();
            return;
        }
        let oldest = self.latest.iter().min_by(|left, right| (left.1, left.0).cmp(&(right.1, right.0)));
        if let Some(value) = oldest.map(|(value, _)| value.clone()) {
            self.latest.remove(&value);
        }
    }
}
