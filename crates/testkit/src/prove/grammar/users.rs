//! What is known of a user besides the events: traits, and who is in which other segment.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

impl Grammar<'_> {
    /// A condition on the row in `users`, or on those in `segment_members`.
    pub(super) fn of_user(&mut self, depth: usize, place: Place) -> Clause {
        let around = place.table();
        if !self.tags.is_empty() && self.random.chance(45) {
            return self.in_segment(around);
        }
        let not = self.random.pick(&["", "", "NOT "]);
        let depth = depth.min(2);
        match self.random.below(8) {
            0 => Clause::text(
                Sort::Boolean,
                format!("{not}EXISTS (SELECT 1 FROM users WHERE users.user_id = {around}.user_id)"),
            ),
            1..=3 => {
                let head = format!("{not}EXISTS (SELECT 1 FROM users u WHERE u.user_id = {around}.user_id AND ");
                let condition = self.boolean(depth, Place::User("u."));
                Clause::of(Sort::Boolean, [head.into(), Part::Inner(condition), ")".into()])
            }
            4..=5 => {
                let head = format!("{around}.user_id {not}IN (SELECT user_id FROM users WHERE ");
                let condition = self.boolean(depth, Place::User(""));
                Clause::of(Sort::Boolean, [head.into(), condition.into(), ")".into()])
            }
            _ => {
                let sort = self.random.pick(&[Sort::Text, Sort::Number, Sort::Json]);
                let (value, trait_value) = (self.constant(sort), self.value(sort, depth.min(1), Place::User("u.")));
                let tail = format!(" FROM users u WHERE u.user_id = {around}.user_id)");
                let among = format!(" {not}IN (SELECT ");
                Clause::of(Sort::Boolean, [value.into(), among.into(), Part::Bare(trait_value), tail.into()])
            }
        }
    }

    /// A value of the row in `users`.
    pub(super) fn value_of_user(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let value = self.value(sort, depth.min(1), Place::User("u."));
        let tail = format!(" FROM users u WHERE u.user_id = {}.user_id", place.table());
        if self.random.chance(75) {
            return Clause::of(sort, ["(SELECT ".into(), Part::Bare(value), tail.into(), ")".into()]);
        }
        let condition = self.boolean(depth.min(1), Place::User("u."));
        let parts = ["(SELECT ".into(), Part::Bare(value), tail.into(), " AND ".into(), condition.into(), ")".into()];
        Clause::of(sort, parts)
    }

    /// A column of the row in `users`, or what is nearest to one of this sort.
    pub(super) fn column_of_user(&mut self, sort: Sort, qualifier: &str) -> Clause {
        let text = match sort {
            Sort::Json => self.path(qualifier, "traits"),
            Sort::Text => self.text_of_path(qualifier, "traits"),
            Sort::Time => format!("{qualifier}created_at"),
            Sort::Day => format!("to_date({qualifier}created_at)"),
            Sort::Boolean => format!("({qualifier}traits->>'k' = 'CA')"),
            Sort::Number => {
                let path = self.path(qualifier, "traits");
                format!("({path})::{}", self.random.pick(&["BIGINT", "DOUBLE", "DECIMAL(18, 4)"]))
            }
        };
        Clause::text(sort, text)
    }

    fn in_segment(&mut self, around: &str) -> Clause {
        let (not, tag) = (self.random.pick(&["", "", "NOT "]), self.random.pick(self.tags));
        let text = match self.random.below(5) {
            0..=1 => {
                format!("{around}.user_id {not}IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')")
            }
            2 => {
                let other = self.random.pick(&["nowhere", self.tags[0]]);
                format!(
                    "{around}.user_id {not}IN (SELECT m.user_id FROM segment_members m WHERE m.segment IN ('{tag}', '{other}'))"
                )
            }
            3 => format!("'{tag}' {not}IN (SELECT segment FROM segment_members m WHERE m.user_id = {around}.user_id)"),
            _ => format!(
                "{not}EXISTS (SELECT 1 FROM segment_members m WHERE m.user_id = {around}.user_id AND m.segment = '{tag}')"
            ),
        };
        Clause::text(Sort::Boolean, text)
    }
}
