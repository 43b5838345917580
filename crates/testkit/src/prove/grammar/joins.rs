//! Pairs of the user's events: joins of `events` with itself.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

const FIRST: Place = Place::Row("v.");
const BOTH: Place = Place::Rows { own: "p.", around: "v." };

impl Grammar<'_> {
    /// Whether there is such a pair.
    pub(super) fn paired(&mut self, depth: usize) -> Clause {
        let depth = depth.min(1);
        let not = self.random.pick(&["", "", "NOT "]);
        let (head, tie) = if self.random.chance(60) {
            (format!("{not}EXISTS (SELECT 1 FROM "), "v.user_id = events.user_id AND ")
        } else {
            (format!("user_id {not}IN (SELECT v.user_id FROM "), "")
        };
        let (tables, condition) = match self.random.below(4) {
            0 => (self.left_join(depth), self.missing(depth)),
            1 => ("events v, events p WHERE p.user_id = v.user_id AND ".into(), self.boolean(depth, BOTH)),
            _ => (self.join(depth), self.boolean(depth, BOTH)),
        };
        let first = self.boolean(depth, FIRST);
        Clause::of(
            Sort::Boolean,
            [head.into(), tables, tie.into(), Part::Inner(first), " AND ".into(), Part::Inner(condition), ")".into()],
        )
    }

    fn join(&mut self, depth: usize) -> Part {
        let join = self.random.pick(&[" JOIN ", " INNER JOIN "]);
        self.joined(join, depth)
    }

    fn left_join(&mut self, depth: usize) -> Part {
        let join = self.random.pick(&[" LEFT JOIN ", " LEFT OUTER JOIN "]);
        self.joined(join, depth)
    }

    fn joined(&mut self, join: &str, depth: usize) -> Part {
        let on = self.boolean(depth, BOTH);
        let head = format!("events v{join}events p ON p.user_id = v.user_id AND ");
        Part::Bare(Clause::of(Sort::Boolean, [head.into(), Part::Inner(on), " WHERE ".into()]))
    }

    /// What is asked of an event that has perhaps no other one beside it.
    fn missing(&mut self, depth: usize) -> Clause {
        match self.random.below(4) {
            0 => Clause::text(Sort::Boolean, "p.event_id IS NOT NULL"),
            1 => {
                let other = self.boolean(depth, BOTH);
                Clause::of(Sort::Boolean, ["p.event_id IS NULL OR ".into(), Part::Inner(other)])
            }
            _ => Clause::text(Sort::Boolean, "p.event_id IS NULL"),
        }
    }
}
