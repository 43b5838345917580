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
    /// Values over a group of events.
    Group,
    /// At the top, where columns of the row and aggregates meet in one comparison.
    Both,
}

impl Place {
    /// Returns what columns are named with.
    pub(super) const fn qualifier(self) -> &'static str {
        match self {
            Self::Row(qualifier) => qualifier,
            _ => "",
        }
    }
}

/// Returns a random clause.
pub fn clause(random: &mut Random) -> Clause {
    let depth = 1 + random.below(DEPTH);
    Grammar { random }.boolean(depth, Place::Clause)
}

/// Draws pieces of clauses.
pub(super) struct Grammar<'a> {
    pub(super) random: &'a mut Random,
}
