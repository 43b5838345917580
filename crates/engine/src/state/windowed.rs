//! A fold in a sliding window.

use rules::Value;
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldSpec, Occurrence};

/// Events ahead of the window, and the fold of those inside.
///
/// It stands at an instant, to which it is advanced; instants never go back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound(
    serialize = "F: Serialize, F::Item: Serialize",
    deserialize = "F: Deserialize<'de>, F::Item: Deserialize<'de>"
))]
pub(crate) struct Windowed<F: Fold> {
    /// Ascending by time.
    ahead: Vec<(Timestamp, F::Item)>,
    inside: F,
}

impl<F: Fold> Default for Windowed<F> {
    fn default() -> Self {
        Self { ahead: Vec::new(), inside: F::default() }
    }
}

impl<F: Fold> Windowed<F> {
    /// Folds an event, however late or early it is.
    pub(crate) fn insert(&mut self, occurrence: Occurrence, spec: &FoldSpec, now: Timestamp) {
        let time = occurrence.time;
        if spec.window.is_past(time, now) {
            return;
        }
        let item = F::item(occurrence, spec);
        if spec.window.is_ahead(time, now) {
            let at = self.ahead.partition_point(|(known, _)| *known <= time);
            self.ahead.insert(at, (time, item));
        } else {
            self.inside.insert(time, item, spec);
        }
    }

    /// Moves the window to `now`.
    pub(crate) fn advance(&mut self, spec: &FoldSpec, now: Timestamp) {
        let entered = self.ahead.partition_point(|(time, _)| !spec.window.is_ahead(*time, now));
        for (time, item) in self.ahead.drain(..entered) {
            if !spec.window.is_past(time, now) {
                self.inside.insert(time, item, spec);
            }
        }
        if let Some(start) = spec.window.start(now) {
            self.inside.expire(start);
        }
    }

    /// Returns the earliest instant at which time alone changes the value.
    pub(crate) fn next_change(&self, spec: &FoldSpec) -> Option<Timestamp> {
        let enters = self.ahead.first().and_then(|(time, _)| spec.window.enters_at(*time));
        let leaves = self.inside.oldest(spec).and_then(|time| spec.window.leaves_at(time));
        match (enters, leaves) {
            (Some(enters), Some(leaves)) => Some(enters.min(leaves)),
            (enters, leaves) => enters.or(leaves),
        }
    }

    pub(crate) fn value(&self, spec: &FoldSpec) -> Value {
        self.inside.value(spec)
    }

    pub(super) const fn inside(&self) -> &F {
        &self.inside
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ahead.is_empty() && self.inside.is_empty()
    }
}
