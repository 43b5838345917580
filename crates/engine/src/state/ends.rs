//! The value of the last and of the first event, by `(created_at, event_id)`.
//!
//! The last one is a single event even when events leave: when it leaves, so have all before it.
//! The first one needs its successors.

use std::collections::VecDeque;

use rules::Value;
use schema::{EventId, Timestamp};
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldKind, FoldSpec, Occurrence};
use crate::user::SeriesState;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ends {
    /// Ascending; one unless first events leave.
    kept: VecDeque<(Timestamp, EventId, Value)>,
}

impl Fold for Ends {
    type Item = (EventId, Value);

    fn item(occurrence: Occurrence, _: &FoldSpec) -> Self::Item {
        (occurrence.event_id, occurrence.value)
    }

    fn insert(&mut self, time: Timestamp, (event_id, value): (EventId, Value), spec: &FoldSpec) {
        let at = self.kept.partition_point(|(known, known_id, _)| (*known, *known_id) <= (time, event_id));
        self.kept.insert(at, (time, event_id, value));
        if self.kept.len() > 1 && spec.kind == FoldKind::Last {
            self.kept.pop_front();
        } else if self.kept.len() > 1 && !spec.forgets() {
            self.kept.pop_back();
        }
    }

    fn expire(&mut self, edge: Timestamp) {
        let gone = self.kept.partition_point(|(time, _, _)| *time < edge);
        self.kept.drain(..gone);
    }

    fn oldest(&self, spec: &FoldSpec) -> Option<Timestamp> {
        self.kept.front().filter(|_| spec.forgets()).map(|(time, _, _)| *time)
    }

    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn value(&self, _: &FoldSpec) -> Value {
        self.kept.front().map_or(Value::Null, |(_, _, value)| value.clone())
    }
}

impl Ends {
    pub(super) fn in_series(&self) -> Option<SeriesState> {
        match self.kept.front() {
            Some((time, event_id, Value::Text(value))) => {
                Some(SeriesState::Latest { time: *time, event_id: *event_id, value: value.clone() })
            }
            _ => None,
        }
    }
}
