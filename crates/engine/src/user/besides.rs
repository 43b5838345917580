//! What is known of a user besides the events: what was said, and which segments the user is in.

use rules::{UserColumn, Value};

use super::Said;
use crate::Catalog;
use crate::bits;

/// What conditions can ask of a user besides the events, as it is now.
#[derive(Clone, Copy)]
pub(crate) struct Besides<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) said: Option<&'a Said>,
    /// By rule of the catalog.
    pub(crate) members: &'a [u64],
}

impl Besides<'_> {
    /// Returns what `users` says of the user.
    pub(crate) fn of_user(&self, column: UserColumn) -> Value {
        match (self.said, column) {
            (Some(said), _) => said.value(column),
            (None, UserColumn::Known) => Value::Boolean(false),
            (None, _) => Value::Null,
        }
    }

    /// Returns whether the user is in the segment of a tag; one that the catalog has not has no members.
    pub(crate) fn is_in_segment(&self, tag: &str) -> bool {
        let rule = self.catalog.user_conditions().rule_of_tag(tag);
        rule.is_some_and(|rule| bits::is_set(self.members, rule))
    }
}
