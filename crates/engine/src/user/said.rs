//! What was said of a user: the row in `users`.

use rules::json::Json;
use rules::{UserColumn, Value};
use schema::{Timestamp, UserTraits};
use serde::{Deserialize, Serialize};

/// Everything that was said of a user, as far as it counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    /// When anything was said first.
    first: Timestamp,
    /// When what counts was said: last.
    last: Timestamp,
    /// What was said then; of several texts of one instant the greatest, so that their order does not matter.
    traits: String,
    /// Whether no event has come yet. Then the user is in no segment, whatever is said.
    pub(super) is_alone: bool,
}

impl Said {
    pub(super) fn new(traits: &UserTraits, is_alone: bool) -> Self {
        let at = traits.created_at;
        Self { first: at, last: at, traits: traits.traits.as_str().to_owned(), is_alone }
    }

    /// Returns whether it changes anything.
    pub(super) fn hear(&mut self, traits: &UserTraits) -> bool {
        let before = (self.first, self.last);
        self.first = self.first.min(traits.created_at);
        let counts = (traits.created_at, traits.traits.as_str()) > (self.last, self.traits.as_str());
        if counts {
            self.last = traits.created_at;
            traits.traits.as_str().clone_into(&mut self.traits);
        }
        counts || before != (self.first, self.last)
    }

    pub(super) fn value(&self, column: UserColumn) -> Value {
        match column {
            UserColumn::Known => Value::Boolean(true),
            UserColumn::CreatedAt => Value::Timestamp(self.first),
            UserColumn::Traits => Json::parse(&self.traits).map_or(Value::Null, Value::Variant),
        }
    }
}
