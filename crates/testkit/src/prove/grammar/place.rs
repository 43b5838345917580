//! Where in a clause something is drawn, which decides what it may name.

use crate::Random;
use crate::prove::Clause;

/// How deep a clause nests.
const DEPTH: usize = 4;

/// What can stand here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the top: a row of `events`, subqueries, aggregates.
    Clause,
    /// A column of the row, named like this.
    Row(&'static str),
    /// A column of the row, or of the one around it.
    Rows {
        /// What the row's columns are named with.
        own: &'static str,
        /// What those of the row around are named with.
        around: &'static str,
    },
    /// A column of the user's row in `users`, named like this.
    User(&'static str),
    /// Values over a group of events.
    Group,
    /// At the top, where columns of the row and aggregates meet in one comparison.
    Both,
}

impl Place {
    /// Returns what a row's columns are named with.
    pub(super) const fn qualifier(self) -> &'static str {
        match self {
            Self::Row(qualifier) | Self::User(qualifier) | Self::Rows { own: qualifier, .. } => qualifier,
            _ => "",
        }
    }

    /// Returns what the table of the row is named.
    pub(super) fn table(self) -> &'static str {
        match self.qualifier().strip_suffix('.') {
            Some(name) => name,
            None => "events",
        }
    }

    /// Returns how a subquery inside of it names its own events and those of this row; none where it
    /// would be too deep.
    pub(super) const fn inside(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Clause | Self::Both => Some(("e", "events")),
            Self::Row(qualifier) | Self::Rows { own: qualifier, .. } => match qualifier.as_bytes() {
                b"" | b"events." => Some(("e", "events")),
                b"e." => Some(("f", "e")),
                _ => None,
            },
            Self::Group | Self::User(_) => None,
        }
    }
}

/// Returns a random clause, which can name segments by these tags.
pub fn clause(random: &mut Random, tags: &[&'static str]) -> Clause {
    let depth = 1 + random.below(DEPTH);
    Grammar { random, tags }.boolean(depth, Place::Clause)
}

/// Draws pieces of clauses.
pub(super) struct Grammar<'a> {
    pub(super) random: &'a mut Random,
    /// Of segments that can be named.
    pub(super) tags: &'a [&'static str],
}
