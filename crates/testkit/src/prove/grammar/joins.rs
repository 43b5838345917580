//! Pairs of the user's events: joins of `events` with itself.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

const FIRST: Place = Place::Row("v.");
const BOTH: Place = Place::Rows { own: "p.", around: "v." };
const THIRD: Place = Place::Rows { own: "q.", around: "p." };
const USER: Place = Place::User("u.");

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
        let (tables, condition) = match self.random.below(7) {
            0 => (self.left_join(depth), self.missing(depth)),
            1 => (self.join_of_three(), self.missing(0)),
            2 => (self.join_of_user(), self.boolean(depth, USER)),
            3 => ("events v, events p WHERE p.user_id = v.user_id AND ".into(), self.boolean(depth, BOTH)),
            _ => (self.join(depth), self.boolean(depth, BOTH)),
        };
        let first = self.boolean(depth, FIRST);
        Clause::of(
            Sort::Boolean,
            [head.into(), tables, tie.into(), Part::Inner(first), " AND ".into(), Part::Inner(condition), ")".into()],
        )
    }

    /// Different values made of pairs.
    pub(super) fn different_pairs(&mut self) -> Clause {
        let (on, value) = (self.boolean(1, BOTH), self.value_of_both());
        let name =
            self.random.pick(&["count(DISTINCT ", "count(DISTINCT ", "sum(DISTINCT length", "avg(DISTINCT length"]);
        let head =
            format!("{name}({value})) FROM events v{}events p ON p.user_id = v.user_id AND ", self.either_join());
        let limit = self.random.pick(&["> 1", "= 2", "< 3", ">= 4"]);
        let tail = format!(" WHERE v.user_id = events.user_id) {limit}");
        Clause::of(Sort::Boolean, ["(SELECT ".into(), head.into(), Part::Inner(on), tail.into()])
    }

    fn value_of_both(&mut self) -> String {
        let columns = ["region", "country", "url", "order_id"];
        let (first, second) = (self.random.pick(&columns), self.random.pick(&columns));
        match self.random.below(3) {
            0 => format!("coalesce(p.{first}, v.{second}, 'none')"),
            _ => format!("concat(v.{first}, p.{second})"),
        }
    }

    fn either_join(&mut self) -> &'static str {
        self.random.pick(&[" JOIN ", " LEFT JOIN "])
    }

    /// A third table, beside or behind an event that may be missing.
    fn join_of_three(&mut self) -> Part {
        let (first, second) = (self.boolean(0, BOTH), self.boolean(0, THIRD));
        let (one, two) = (self.either_join(), self.either_join());
        let head = format!("events v{one}events p ON p.user_id = v.user_id AND ");
        let tail = format!("{two}events q ON q.user_id = v.user_id AND ");
        let parts = [head.into(), Part::Inner(first), tail.into(), Part::Inner(second), " WHERE ".into()];
        Part::Bare(Clause::of(Sort::Boolean, parts))
    }

    /// What is known of the user as a table of its own.
    fn join_of_user(&mut self) -> Part {
        let (join, on) = (self.either_join(), self.boolean(0, Place::User("u.")));
        let tables = if join == " JOIN " && self.random.chance(30) {
            "users u JOIN events v ON u.user_id = v.user_id AND ".to_owned()
        } else {
            format!("events v{join}users u ON u.user_id = v.user_id AND ")
        };
        Part::Bare(Clause::of(Sort::Boolean, [tables.into(), Part::Inner(on), " WHERE ".into()]))
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
