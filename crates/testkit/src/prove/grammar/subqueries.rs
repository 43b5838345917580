//! Questions about the user's other events.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

impl Grammar<'_> {
    pub(super) fn exists(&mut self, depth: usize) -> Clause {
        let filter = self.boolean(depth.min(2), Place::Row("e."));
        let not = self.random.pick(&["", "NOT "]);
        let head = format!("{not}EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND ");
        Clause::of(Sort::Boolean, [head.into(), Part::Inner(filter), ")".into()])
    }

    pub(super) fn member_of(&mut self, depth: usize) -> Clause {
        let not = self.random.pick(&["", "NOT "]);
        let head = format!("user_id {not}IN (SELECT user_id FROM events WHERE ");
        let filter = self.boolean(depth.min(2), Place::Row(""));
        if self.random.chance(50) {
            return Clause::of(Sort::Boolean, [head.into(), filter.into(), ")".into()]);
        }
        let having = self.boolean(depth.min(2), Place::Group);
        let group = " GROUP BY user_id HAVING ".into();
        Clause::of(Sort::Boolean, [head.into(), filter.into(), group, having.into(), ")".into()])
    }

    /// One value over the user's events, as SQL writes it.
    pub(super) fn scalar(&mut self, sort: Sort, depth: usize) -> Clause {
        let call = self.call(sort, depth, Place::Row("e."));
        let condition = self.boolean(depth.min(1), Place::Row("e."));
        let from = " FROM events e WHERE e.user_id = events.user_id AND ".into();
        Clause::of(sort, ["(SELECT ".into(), Part::Bare(call), from, Part::Inner(condition), ")".into()])
    }
}
