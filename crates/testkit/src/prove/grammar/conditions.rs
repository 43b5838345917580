//! Conditions: comparisons, tests, patterns, and how they are joined.

use super::place::{Grammar, Place};
use crate::Clauses;
use crate::prove::alphabet::{PATTERNS, ROLLOUTS};
use crate::prove::{Clause, Part, Sort};

impl Grammar<'_> {
    pub(super) fn boolean(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 {
            return self.test(0, place);
        }
        match self.random.below(if place == Place::Clause { 24 } else { 12 }) {
            0..=3 => self.test(depth - 1, place),
            4..=6 => {
                let operator = self.random.pick(&[" AND ", " OR ", " AND "]);
                let count = 2 + self.random.below(2);
                let parts: Vec<Part> = (0..count).map(|_| self.piece(Sort::Boolean, depth - 1, place)).collect();
                Clause::joined(Sort::Boolean, operator, parts)
            }
            7 => Clause::of(Sort::Boolean, ["NOT ".into(), self.piece(Sort::Boolean, depth - 1, place)]),
            8 => self.case(Sort::Boolean, depth - 1, place),
            9 => self.certain(depth - 1, place),
            10 => self.about_others(depth - 1, place),
            11 => self.of_user(depth - 1, place),
            12..=13 => self.exists(depth - 1, place),
            14..=15 => self.member_of(depth - 1),
            16 if self.random.chance(20) => self.different_pairs(),
            16 => self.paired(depth - 1),
            19..=21 => self.of_user(depth - 1, place),
            // Groups, derived tables, numbers of rows, funnels.
            17..=18 => Clause::text(Sort::Boolean, Clauses { random: self.random }.table()),
            22 => Clause::text(Sort::Boolean, Clauses { random: self.random }.pairs()),
            _ => Clause::text(Sort::Boolean, self.random.pick(&ROLLOUTS)),
        }
    }

    /// A piece, sometimes without the parentheses that would make its place in the clause sure.
    pub(super) fn piece(&mut self, sort: Sort, depth: usize, place: Place) -> Part {
        let piece = self.value(sort, depth, place);
        if self.random.chance(25) { Part::Bare(piece) } else { Part::Inner(piece) }
    }

    fn test(&mut self, depth: usize, place: Place) -> Clause {
        let place = self.side(place);
        let sort = self.random.pick(&[
            Sort::Number,
            Sort::Number,
            Sort::Text,
            Sort::Text,
            Sort::Time,
            Sort::Time,
            Sort::Time,
            Sort::Day,
            Sort::Json,
        ]);
        match self.random.below(11) {
            0 => self.null_test(sort, depth, place),
            1 => self.in_list(sort, depth, place),
            2 => self.between(sort, depth, place),
            3 => self.pattern(depth, place),
            4 => self.same(sort, depth, place),
            5 => self.cast(Sort::Boolean, depth, place),
            _ if sort == Sort::Time || sort == Sort::Day => self.window(sort, depth, place),
            _ => self.comparison(sort, depth, place),
        }
    }

    /// Decides for one comparison whether it is about the row or about the user's events; rarely about both.
    fn side(&mut self, place: Place) -> Place {
        match place {
            Place::Clause if self.random.chance(8) => Place::Both,
            Place::Clause if self.random.chance(50) => Place::Group,
            Place::Clause => Place::Row(self.random.pick(&["", "events."])),
            other => other,
        }
    }

    fn comparison(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let operator = self.random.pick(&[" = ", " <> ", " != ", " < ", " <= ", " > ", " >= "]);
        let left = self.value(sort, depth, place);
        let beside = self.beside(sort);
        let right = if self.random.chance(50) { self.constant(beside) } else { self.value(beside, depth, place) };
        let (left, right) = if self.random.chance(25) { (right, left) } else { (left, right) };
        Clause::of(Sort::Boolean, [left.into(), operator.into(), right.into()])
    }

    /// Returns a sort that one of this sort can be compared with.
    fn beside(&mut self, sort: Sort) -> Sort {
        match sort {
            Sort::Json => self.random.pick(&[
                Sort::Json,
                Sort::Number,
                Sort::Number,
                Sort::Text,
                Sort::Text,
                Sort::Boolean,
                Sort::Time,
                Sort::Day,
            ]),
            Sort::Time | Sort::Day => self.random.pick(&[sort, sort, Sort::Time, Sort::Day]),
            other => other,
        }
    }

    fn window(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let operator = self.random.pick(&[" < ", " <= ", " > ", " >= ", " = "]);
        let (left, right) = (self.value(sort, depth.min(1), place), self.now());
        let (left, right) = if self.random.chance(25) { (right, left) } else { (left, right) };
        Clause::of(Sort::Boolean, [left.into(), operator.into(), right.into()])
    }

    fn null_test(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let test = self.random.pick(&[" IS NULL", " IS NOT NULL"]);
        Clause::of(Sort::Boolean, [self.value(sort, depth, place).into(), test.into()])
    }

    fn same(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let test = self.random.pick(&[" IS DISTINCT FROM ", " IS NOT DISTINCT FROM "]);
        let beside = self.beside(sort);
        let (left, right) = (self.value(sort, depth, place), self.constant(beside));
        Clause::of(Sort::Boolean, [left.into(), test.into(), right.into()])
    }

    fn in_list(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let (value, beside) = (self.value(sort, depth, place), self.beside(sort));
        let count = 1 + self.random.below(3);
        let list: Vec<Part> = (0..count).map(|_| self.listed(beside).into()).collect();
        let list = Clause::joined(beside, ", ", list).print();
        let not = self.random.pick(&["", "NOT "]);
        Clause::of(Sort::Boolean, [value.into(), format!(" {not}IN ({list})").into()])
    }

    fn listed(&mut self, sort: Sort) -> Clause {
        if self.random.chance(17) { Clause::text(sort, "NULL") } else { self.constant(sort) }
    }

    fn between(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let value = self.value(sort, depth, place);
        let not = self.random.pick(&[" ", " ", " NOT "]);
        let (low, high) = match sort {
            Sort::Time => (self.now(), self.now()),
            _ => {
                let beside = self.beside(sort);
                (self.constant(beside), self.constant(beside))
            }
        };
        Clause::of(
            Sort::Boolean,
            [value.into(), format!("{not}BETWEEN ").into(), low.into(), " AND ".into(), high.into()],
        )
    }

    fn pattern(&mut self, depth: usize, place: Place) -> Clause {
        let sort = if self.random.chance(15) { Sort::Json } else { Sort::Text };
        let value = self.value(sort, depth, place);
        if self.random.chance(25) {
            let prefix = self.constant(Sort::Text);
            return Clause::of(
                Sort::Boolean,
                ["starts_with(".into(), value.into(), ", ".into(), prefix.into(), ")".into()],
            );
        }
        let like = format!(" {}LIKE {}", self.random.pick(&["", "NOT "]), self.random.pick(&PATTERNS));
        Clause::of(Sort::Boolean, [value.into(), like.into()])
    }

    /// A test of a truth value, which is never NULL itself.
    fn certain(&mut self, depth: usize, place: Place) -> Clause {
        let inner = self.boolean(depth, place);
        match self.random.below(5) {
            0 => Clause::of(Sort::Boolean, ["coalesce(".into(), inner.into(), ", FALSE)".into()]),
            1 => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS NULL".into()]),
            2 => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS NOT TRUE".into()]),
            3 => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS FALSE".into()]),
            _ => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS TRUE".into()]),
        }
    }
}
