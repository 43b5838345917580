//! Values: numbers and texts, casts, and what chooses between values.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

impl Grammar<'_> {
    pub(super) fn value(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        match sort {
            Sort::Boolean => self.boolean(depth, place),
            Sort::Number => self.number(depth, place),
            Sort::Text => self.words(depth, place),
            Sort::Time => self.time(depth, place),
            Sort::Day => self.day(depth, place),
            Sort::Json => self.json(depth, place),
        }
    }

    /// What is not put together from other values: a column, or an aggregate.
    pub(super) fn leaf(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        match place {
            Place::User(qualifier) => self.column_of_user(sort, qualifier),
            Place::Row("" | "events.") | Place::Group if depth > 0 && self.random.chance(6) => {
                self.value_of_user(sort, depth, place)
            }
            Place::Group => self.aggregate(sort, depth),
            Place::Both if self.random.chance(50) => self.aggregate(sort, depth),
            Place::Row(_) | Place::Rows { .. } if depth > 0 && self.random.chance(4) => {
                self.value_of_user(sort, depth, place)
            }
            Place::Rows { around, .. } if self.random.chance(35) => self.column(sort, around),
            Place::Row("" | "events.") if depth > 0 && self.random.chance(4) => self.scalar(sort, depth, place),
            _ => self.column(sort, place.qualifier()),
        }
    }

    fn number(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 || self.random.chance(40) {
            return self.leaf(Sort::Number, depth, place);
        }
        match self.random.below(15) {
            0..=3 => {
                let operator = self.random.pick(&[" + ", " - ", " * ", " / ", " % "]);
                let left = self.piece(Sort::Number, depth - 1, place);
                let right = match self.random.below(8) {
                    0..=3 => self.constant(Sort::Number),
                    4 => self.json(depth - 1, place),
                    _ => self.number(depth - 1, place),
                };
                Clause::of(Sort::Number, [left, operator.into(), right.into()])
            }
            4 => Clause::of(Sort::Number, ["-".into(), self.number(depth - 1, place).into()]),
            5..=6 => {
                let name = self.random.pick(&["abs(", "floor(", "ceil(", "ceiling(", "round("]);
                Clause::of(Sort::Number, [name.into(), self.number(depth - 1, place).into(), ")".into()])
            }
            7 => {
                let digits = self.random.pick(&[", 0)", ", 1)", ", 2)", ", -1)", ", 6)", ", -3)"]);
                Clause::of(Sort::Number, ["round(".into(), self.number(depth - 1, place).into(), digits.into()])
            }
            8 => {
                let name = self.random.pick(&["length(", "char_length("]);
                Clause::of(Sort::Number, [name.into(), self.words(depth - 1, place).into(), ")".into()])
            }
            9 => self.case(Sort::Number, depth - 1, place),
            10 => self.part_of_time(depth - 1, place),
            11..=13 => self.cast(Sort::Number, depth - 1, place),
            _ => self.choice(Sort::Number, depth - 1, place),
        }
    }

    fn words(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 || self.random.chance(40) {
            return self.leaf(Sort::Text, depth, place);
        }
        match self.random.below(12) {
            0..=2 => {
                let name = self.random.pick(&["lower(", "upper(", "trim("]);
                Clause::of(Sort::Text, [name.into(), self.words(depth - 1, place).into(), ")".into()])
            }
            3 => {
                let (first, second) = (self.words(depth - 1, place), self.constant(Sort::Text));
                Clause::of(Sort::Text, ["concat(".into(), first.into(), ", ".into(), second.into(), ")".into()])
            }
            4 => {
                let sort = self.random.pick(&[Sort::Text, Sort::Text, Sort::Json]);
                let left = self.value(sort, depth - 1, place);
                Clause::of(Sort::Text, [left.into(), " || ".into(), self.constant(Sort::Text).into()])
            }
            5 => self.case(Sort::Text, depth - 1, place),
            6..=7 => {
                let bounds = self.random.pick(&[", 1, 1)", ", 2)", ", -2)", ", 0, 2)", ", -3, 2)", ", 2, 0)", ", 9)"]);
                let name = self.random.pick(&["substr(", "substring("]);
                Clause::of(Sort::Text, [name.into(), self.words(depth - 1, place).into(), bounds.into()])
            }
            8..=9 => self.cast(Sort::Text, depth - 1, place),
            _ => self.choice(Sort::Text, depth - 1, place),
        }
    }

    /// One of several values.
    pub(super) fn choice(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let name = self.random.pick(&["coalesce(", "nullif(", "greatest(", "least(", "coalesce("]);
        let (first, second) = (self.value(sort, depth, place), self.constant(sort));
        Clause::of(sort, [name.into(), first.into(), ", ".into(), second.into(), ")".into()])
    }

    pub(super) fn case(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let (condition, result) = (self.boolean(depth, place), self.value(sort, depth, place));
        let mut parts: Vec<Part> = vec!["CASE WHEN ".into(), condition.into(), " THEN ".into(), result.into()];
        if !self.random.chance(33) {
            parts.extend([" ELSE ".into(), self.value(sort, depth, place).into()]);
        }
        parts.push(" END".into());
        Clause::joined(sort, "", parts)
    }

    /// A value that is made of one of another type, in one of the ways of writing it.
    pub(super) fn cast(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let (from, to) = match sort {
            Sort::Boolean => {
                let from = self.random.pick(&[Sort::Text, Sort::Json, Sort::Json, Sort::Number]);
                (from, self.random.pick(&["BOOLEAN", "BOOL"]))
            }
            Sort::Number => {
                let from = self.random.pick(&[Sort::Text, Sort::Json, Sort::Json, Sort::Number, Sort::Number]);
                let to = self.random.pick(&[
                    "BIGINT",
                    "INT",
                    "SMALLINT",
                    "TINYINT",
                    "DOUBLE",
                    "DECIMAL(10, 2)",
                    "DECIMAL(38, 0)",
                    "DECIMAL(38, 9)",
                    "DECIMAL(18, 4)",
                    "DECIMAL(3, 1)",
                ]);
                (from, to)
            }
            Sort::Text => {
                let sorts = [Sort::Json, Sort::Json, Sort::Number, Sort::Time, Sort::Day, Sort::Boolean];
                (self.random.pick(&sorts), self.random.pick(&["VARCHAR", "STRING", "TEXT"]))
            }
            Sort::Time => (self.random.pick(&[Sort::Text, Sort::Json, Sort::Day]), "TIMESTAMP"),
            Sort::Day | Sort::Json => (self.random.pick(&[Sort::Text, Sort::Json, Sort::Time]), "DATE"),
        };
        let value = if self.random.chance(15) { self.constant(from) } else { self.value(from, depth.min(1), place) };
        match self.random.below(3) {
            0 => Clause::of(sort, ["CAST(".into(), value.into(), format!(" AS {to})").into()]),
            1 => Clause::of(sort, ["TRY_CAST(".into(), value.into(), format!(" AS {to})").into()]),
            _ if self.random.chance(50) => Clause::of(sort, [Part::Inner(value), format!("::{to}").into()]),
            _ => Clause::of(sort, [Part::Enclosed(value), format!("::{to}").into()]),
        }
    }
}
