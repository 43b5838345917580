//! What was said of a user: the row in `users`.

use rules::json::Json;
use rules::{UserColumn, Value};
use schema::{StandingTraits, UserTraits};
use serde::{Deserialize, Serialize};

/// Everything that was said of a user, as far as it counts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Said {
    standing: StandingTraits,
    /// Whether no event has come yet. Then the user is in no segment, whatever is said.
    pub(super) is_alone: bool,
}

impl Said {
    pub(super) fn new(traits: &UserTraits, is_alone: bool) -> Self {
        let mut said = Self { is_alone, ..Self::default() };
        said.hear(traits);
        said
    }

    /// Returns whether it changes anything.
    pub(super) fn hear(&mut self, traits: &UserTraits) -> bool {
        self.standing.fold(traits)
    }

    pub(super) fn value(&self, column: UserColumn) -> Value {
        match column {
            UserColumn::Known => Value::Boolean(true),
            UserColumn::CreatedAt => self.standing.first().map_or(Value::Null, Value::Timestamp),
            UserColumn::Traits => Json::parse(&self.standing.to_json()).map_or(Value::Null, Value::Variant),
        }
    }
}
