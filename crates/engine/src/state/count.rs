//! How many events: a number, or the most recent times when events leave again.
//!
//! "At least n in the window" holds exactly while the n-th most recent event is inside, so n times
//! are enough to know, and older ones never matter again: what comes later only pushes them back.

use std::collections::VecDeque;

use rules::Value;
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldSpec, Occurrence};
use crate::user::SeriesState;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Count {
    /// Of events that never leave.
    kept: u64,
    /// Of events that leave again; ascending.
    recent: VecDeque<Timestamp>,
}

impl Fold for Count {
    type Item = ();

    fn item(_: Occurrence, _: &FoldSpec) -> Self::Item {}

    fn insert(&mut self, time: Timestamp, (): (), spec: &FoldSpec) {
        if !spec.forgets() {
            self.kept += 1;
            return;
        }
        let at = self.recent.partition_point(|known| *known <= time);
        self.recent.insert(at, time);
        while spec.enough.is_some_and(|enough| self.recent.len() > enough) {
            self.recent.pop_front();
        }
    }

    fn expire(&mut self, edge: Timestamp) {
        let gone = self.recent.partition_point(|time| *time < edge);
        self.recent.drain(..gone);
    }

    fn oldest(&self, _: &FoldSpec) -> Option<Timestamp> {
        self.recent.front().copied()
    }

    fn is_empty(&self) -> bool {
        self.kept == 0 && self.recent.is_empty()
    }

    fn value(&self, _: &FoldSpec) -> Value {
        Value::Integer(i64::try_from(self.kept).unwrap_or(i64::MAX).saturating_add(self.recent.len() as i64))
    }
}

impl Count {
    pub(super) fn in_series(&self) -> SeriesState {
        SeriesState::Recent { ever: self.kept, times: self.recent.iter().copied().collect() }
    }
}
