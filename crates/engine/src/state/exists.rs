//! Whether there is an event: a bit, or the latest time when events leave again.

use rules::Value;
use schema::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::{Fold, FoldSpec, Occurrence};
use crate::user::SeriesState;

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Exists {
    #[default]
    Never,
    Ever,
    Latest(Timestamp),
}

impl Fold for Exists {
    type Item = ();

    fn item(_: Occurrence, _: &FoldSpec) -> Self::Item {}

    fn insert(&mut self, time: Timestamp, (): (), spec: &FoldSpec) {
        *self = match self {
            _ if !spec.forgets() => Self::Ever,
            Self::Latest(latest) => Self::Latest(time.max(*latest)),
            _ => Self::Latest(time),
        };
    }

    fn expire(&mut self, edge: Timestamp) {
        if matches!(self, Self::Latest(latest) if *latest < edge) {
            *self = Self::Never;
        }
    }

    fn oldest(&self, _: &FoldSpec) -> Option<Timestamp> {
        match self {
            Self::Latest(latest) => Some(*latest),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::Never
    }

    fn value(&self, _: &FoldSpec) -> Value {
        Value::Boolean(!self.is_empty())
    }
}

impl Exists {
    pub(super) fn in_series(&self) -> SeriesState {
        match self {
            Self::Never => SeriesState::Recent { ever: 0, times: Vec::new() },
            Self::Ever => SeriesState::Recent { ever: 1, times: Vec::new() },
            Self::Latest(time) => SeriesState::Recent { ever: 0, times: vec![*time] },
        }
    }
}
