//! Questions about the user's other events: EXISTS, IN, and one value over them.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

impl Grammar<'_> {
    /// A question about other events, from wherever one can be asked.
    pub(super) fn about_others(&mut self, depth: usize, place: Place) -> Clause {
        match self.random.below(3) {
            0 => self.value_among(depth, place),
            _ => self.exists(depth, place),
        }
    }

    pub(super) fn exists(&mut self, depth: usize, place: Place) -> Clause {
        let Some((own, around)) = place.inside() else { return self.boolean(0, place) };
        let inside = self.row_inside(own, around);
        let filter = self.boolean(depth.min(2), inside);
        let not = self.random.pick(&["", "NOT "]);
        let head = format!("{not}EXISTS (SELECT 1 FROM events {own} WHERE {own}.user_id = {around}.user_id AND ");
        Clause::of(Sort::Boolean, [head.into(), Part::Inner(filter), ")".into()])
    }

    /// The rows of a subquery, which sometimes names the row around it.
    fn row_inside(&mut self, own: &str, around: &str) -> Place {
        match (own, around, self.random.chance(40)) {
            ("e", _, true) => Place::Rows { own: "e.", around: "events." },
            ("e", _, false) => Place::Row("e."),
            (_, _, true) => Place::Rows { own: "f.", around: "e." },
            (_, _, false) => Place::Row("f."),
        }
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

    /// Whether a value is among those of other events.
    fn value_among(&mut self, depth: usize, place: Place) -> Clause {
        let Some((own, around)) = place.inside() else { return self.boolean(0, place) };
        let sort = self.random.pick(&[Sort::Text, Sort::Text, Sort::Number, Sort::Day]);
        let row = match place {
            Place::Clause => Place::Row("events."),
            other => other,
        };
        let value = if self.random.chance(15) { self.constant(sort) } else { self.value(sort, depth.min(1), row) };
        let inside = self.row_inside(own, around);
        let listed = self.column(sort, inside.qualifier());
        let filter = self.boolean(depth.min(1), inside);
        let not = self.random.pick(&["", "NOT "]);
        let from = format!(" FROM events {own} WHERE {own}.user_id = {around}.user_id AND ");
        let parts = [
            value.into(),
            format!(" {not}IN (SELECT ").into(),
            Part::Bare(listed),
            from.into(),
            Part::Inner(filter),
            ")".into(),
        ];
        Clause::of(Sort::Boolean, parts)
    }

    /// One value over the user's events, as SQL writes it.
    pub(super) fn scalar(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let inside = if place == Place::Clause { Place::Row("e.") } else { self.row_inside("e", "events") };
        let call = self.call(sort, depth, inside);
        let condition = self.boolean(depth.min(1), inside);
        let from = " FROM events e WHERE e.user_id = events.user_id AND ".into();
        Clause::of(sort, ["(SELECT ".into(), Part::Bare(call), from, Part::Inner(condition), ")".into()])
    }
}
