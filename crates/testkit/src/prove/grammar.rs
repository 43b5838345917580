//! Random clauses, put together as analysts would type them, from the whole language.
//!
//! Most are accepted by `rules::compile`; the others tell nothing and are drawn again. Row columns
//! and aggregates rarely meet in one comparison, because no plan can keep that incrementally.

use super::alphabet::{INSTANTS, INTERVALS, PATTERNS, TEXT_COLUMNS};
use super::clause::{Clause, Part, Sort};
use crate::Random;

/// How deep a clause nests.
const DEPTH: usize = 4;

/// What can stand here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the top: a row of `events`, subqueries, aggregates.
    Clause,
    /// A column of the row, named like this.
    Row(&'static str),
    /// Values over a group of events.
    Group,
}

/// Returns a random clause.
pub fn clause(random: &mut Random) -> Clause {
    let depth = 1 + random.below(DEPTH);
    Grammar { random }.boolean(depth, Place::Clause)
}

struct Grammar<'a> {
    random: &'a mut Random,
}

impl Grammar<'_> {
    fn boolean(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 {
            return self.test(0, place);
        }
        match self.random.below(if place == Place::Clause { 14 } else { 10 }) {
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
            10..=11 => self.exists(depth - 1),
            _ => self.member_of(depth - 1),
        }
    }

    /// A piece, sometimes without the parentheses that would make its place in the clause sure.
    fn piece(&mut self, sort: Sort, depth: usize, place: Place) -> Part {
        let piece = self.value(sort, depth, place);
        if self.random.chance(25) { Part::Bare(piece) } else { Part::Inner(piece) }
    }

    fn value(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        match sort {
            Sort::Boolean => self.boolean(depth, place),
            Sort::Number => self.number(depth, place),
            Sort::Text => self.words(depth, place),
            Sort::Time => self.time(depth, place),
        }
    }

    // ---- tests

    fn test(&mut self, depth: usize, place: Place) -> Clause {
        let place = self.side(place);
        let sort = self.random.pick(&[Sort::Number, Sort::Text, Sort::Time, Sort::Time]);
        match self.random.below(9) {
            0 => self.null_test(sort, depth, place),
            1 => self.in_list(depth, place),
            2 => self.between(sort, depth, place),
            3 => self.pattern(depth, place),
            4 => self.same(sort, depth, place),
            _ if sort == Sort::Time => self.window(depth, place),
            _ => self.comparison(sort, depth, place),
        }
    }

    /// Decides for one comparison whether it is about the row or about the user's events.
    fn side(&mut self, place: Place) -> Place {
        match place {
            Place::Clause if self.random.chance(50) => Place::Group,
            Place::Clause => Place::Row(self.random.pick(&["", "events."])),
            other => other,
        }
    }

    fn comparison(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let operator = self.random.pick(&[" = ", " <> ", " != ", " < ", " <= ", " > ", " >= "]);
        let left = self.value(sort, depth, place);
        let right = if self.random.chance(50) { self.constant(sort) } else { self.value(sort, depth, place) };
        let (left, right) = if self.random.chance(25) { (right, left) } else { (left, right) };
        Clause::of(Sort::Boolean, [left.into(), operator.into(), right.into()])
    }

    fn window(&mut self, depth: usize, place: Place) -> Clause {
        let operator = self.random.pick(&[" < ", " <= ", " > ", " >= ", " = "]);
        let (left, right) = (self.time(depth.min(1), place), self.now());
        let (left, right) = if self.random.chance(25) { (right, left) } else { (left, right) };
        Clause::of(Sort::Boolean, [left.into(), operator.into(), right.into()])
    }

    fn null_test(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let test = self.random.pick(&[" IS NULL", " IS NOT NULL"]);
        Clause::of(Sort::Boolean, [self.value(sort, depth, place).into(), test.into()])
    }

    fn same(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let test = self.random.pick(&[" IS DISTINCT FROM ", " IS NOT DISTINCT FROM "]);
        let (left, right) = (self.value(sort, depth, place), self.constant(sort));
        Clause::of(Sort::Boolean, [left.into(), test.into(), right.into()])
    }

    fn in_list(&mut self, depth: usize, place: Place) -> Clause {
        let sort = self.random.pick(&[Sort::Number, Sort::Text]);
        let count = 1 + self.random.below(3);
        let list: Vec<Part> = (0..count).map(|_| self.listed(sort).into()).collect();
        let list = Clause::joined(sort, ", ", list).print();
        let not = self.random.pick(&["", "NOT "]);
        Clause::of(Sort::Boolean, [self.value(sort, depth, place).into(), format!(" {not}IN ({list})").as_str().into()])
    }

    fn listed(&mut self, sort: Sort) -> Clause {
        if self.random.chance(17) { Clause::text(sort, "NULL") } else { self.constant(sort) }
    }

    fn between(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let value = self.value(sort, depth, place);
        let not = self.random.pick(&[" ", " ", " NOT "]);
        let between = format!("{not}BETWEEN ");
        let (low, high) = match sort {
            Sort::Time => (self.now(), self.now()),
            _ => (self.constant(sort), self.constant(sort)),
        };
        Clause::of(Sort::Boolean, [value.into(), between.as_str().into(), low.into(), " AND ".into(), high.into()])
    }

    fn pattern(&mut self, depth: usize, place: Place) -> Clause {
        let value = self.words(depth, place);
        if self.random.chance(25) {
            let prefix = self.constant(Sort::Text);
            return Clause::of(
                Sort::Boolean,
                ["starts_with(".into(), value.into(), ", ".into(), prefix.into(), ")".into()],
            );
        }
        let like = format!(" {}LIKE {}", self.random.pick(&["", "NOT "]), self.random.pick(&PATTERNS));
        Clause::of(Sort::Boolean, [value.into(), like.as_str().into()])
    }

    /// A test of a truth value, which is never NULL itself.
    fn certain(&mut self, depth: usize, place: Place) -> Clause {
        let inner = self.boolean(depth, place);
        match self.random.below(4) {
            0 => Clause::of(Sort::Boolean, ["coalesce(".into(), inner.into(), ", FALSE)".into()]),
            1 => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS NULL".into()]),
            2 => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS NOT TRUE".into()]),
            _ => Clause::of(Sort::Boolean, [Part::Inner(inner), " IS TRUE".into()]),
        }
    }

    // ---- the user's events

    fn exists(&mut self, depth: usize) -> Clause {
        let filter = self.boolean(depth.min(2), Place::Row("e."));
        let not = self.random.pick(&["", "NOT "]);
        let head = format!("{not}EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND ");
        Clause::of(Sort::Boolean, [head.as_str().into(), Part::Inner(filter), ")".into()])
    }

    fn member_of(&mut self, depth: usize) -> Clause {
        let not = self.random.pick(&["", "NOT "]);
        let head = format!("user_id {not}IN (SELECT user_id FROM events WHERE ");
        let filter = self.boolean(depth.min(2), Place::Row(""));
        if self.random.chance(50) {
            return Clause::of(Sort::Boolean, [head.as_str().into(), filter.into(), ")".into()]);
        }
        let having = self.boolean(depth.min(2), Place::Group);
        let group = " GROUP BY user_id HAVING ".into();
        Clause::of(Sort::Boolean, [head.as_str().into(), filter.into(), group, having.into(), ")".into()])
    }

    /// An aggregate in one of the ways of writing it.
    fn aggregate(&mut self, sort: Sort, depth: usize) -> Clause {
        let row = Place::Row("");
        let argument = if self.random.chance(33) { self.value(sort, depth.min(1), row) } else { self.column(sort, "") };
        let name = match sort {
            Sort::Number => self.random.pick(&[
                "count(*)",
                "count",
                "count(DISTINCT",
                "sum",
                "avg",
                "min",
                "max",
                "count(*)",
                "sum",
            ]),
            _ => self.random.pick(&["min", "max", "max", "arg_max", "arg_min"]),
        };
        let call = match name {
            "count(*)" => Clause::text(sort, name),
            "count(DISTINCT" => {
                let of = self.random.pick(&[Sort::Text, Sort::Number]);
                Clause::of(sort, ["count(DISTINCT ".into(), self.column(of, "").into(), ")".into()])
            }
            "arg_max" | "arg_min" => {
                Clause::of(sort, [name.into(), "(".into(), argument.into(), ", created_at)".into()])
            }
            _ => Clause::of(sort, [name.into(), "(".into(), argument.into(), ")".into()]),
        };
        if self.random.chance(25) {
            return call;
        }
        let filter = self.boolean(depth.min(1), row);
        Clause::of(sort, [Part::Bare(call), " FILTER (WHERE ".into(), Part::Bare(filter), ")".into()])
    }

    /// The same as Databend writes it, and as SQL does.
    fn conditional(&mut self, depth: usize) -> Clause {
        let condition = self.boolean(depth.min(1), Place::Row(""));
        match self.random.below(3) {
            0 => Clause::of(Sort::Number, ["count_if(".into(), condition.into(), ")".into()]),
            1 => {
                let name = self.random.pick(&["sum_if(", "avg_if(", "min_if(", "max_if("]);
                let column = self.column(Sort::Number, "");
                Clause::of(Sort::Number, [name.into(), column.into(), ", ".into(), condition.into(), ")".into()])
            }
            _ => {
                let name = self.random.pick(&[
                    "count(*)",
                    "sum(order_total)",
                    "avg(order_total)",
                    "max(order_total)",
                    "count(e.region)",
                ]);
                let head = format!("(SELECT {name} FROM events e WHERE e.user_id = events.user_id AND ");
                let condition = self.boolean(depth.min(1), Place::Row("e."));
                Clause::of(Sort::Number, [head.as_str().into(), Part::Inner(condition), ")".into()])
            }
        }
    }

    // ---- values

    fn number(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 || self.random.chance(50) {
            return match place {
                Place::Group if self.random.chance(25) => self.conditional(depth),
                Place::Group => self.aggregate(Sort::Number, depth),
                _ => self.column(Sort::Number, qualifier(place)),
            };
        }
        let smaller = |this: &mut Self| this.number(depth - 1, place);
        match self.random.below(10) {
            0..=3 => {
                let operator = self.random.pick(&[" + ", " - ", " * ", " / ", " % "]);
                let left = self.piece(Sort::Number, depth - 1, place);
                let right = if self.random.chance(50) { self.constant(Sort::Number) } else { smaller(self) };
                Clause::of(Sort::Number, [left, operator.into(), right.into()])
            }
            4 => Clause::of(Sort::Number, ["-".into(), smaller(self).into()]),
            5 => Clause::of(Sort::Number, ["abs(".into(), smaller(self).into(), ")".into()]),
            6 => self.case(Sort::Number, depth - 1, place),
            7 => Clause::of(Sort::Number, ["length(".into(), self.words(depth - 1, place).into(), ")".into()]),
            _ => self.choice(Sort::Number, depth - 1, place),
        }
    }

    fn words(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 || self.random.chance(50) {
            return match place {
                Place::Group => self.aggregate(Sort::Text, depth),
                _ => self.column(Sort::Text, qualifier(place)),
            };
        }
        let inner = self.words(depth - 1, place);
        match self.random.below(8) {
            0..=2 => {
                let name = self.random.pick(&["lower(", "upper(", "trim("]);
                Clause::of(Sort::Text, [name.into(), inner.into(), ")".into()])
            }
            3 => Clause::of(
                Sort::Text,
                ["concat(".into(), inner.into(), ", ".into(), self.constant(Sort::Text).into(), ")".into()],
            ),
            4 => Clause::of(Sort::Text, [inner.into(), " || ".into(), self.constant(Sort::Text).into()]),
            5 => self.case(Sort::Text, depth - 1, place),
            _ => self.choice(Sort::Text, depth - 1, place),
        }
    }

    fn time(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 || self.random.chance(50) {
            return match place {
                Place::Group => self.aggregate(Sort::Time, depth),
                _ => self.column(Sort::Time, qualifier(place)),
            };
        }
        if self.random.chance(33) {
            return self.choice(Sort::Time, depth - 1, place);
        }
        let shift = format!("{}{}", self.random.pick(&[" + ", " - "]), self.random.pick(&INTERVALS).0);
        Clause::of(Sort::Time, [self.time(depth - 1, place).into(), shift.as_str().into()])
    }

    /// One of several values.
    fn choice(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let name = self.random.pick(&["coalesce(", "nullif(", "greatest(", "least(", "coalesce("]);
        let (first, second) = (self.value(sort, depth, place), self.constant(sort));
        Clause::of(sort, [name.into(), first.into(), ", ".into(), second.into(), ")".into()])
    }

    fn case(&mut self, sort: Sort, depth: usize, place: Place) -> Clause {
        let (condition, result) = (self.boolean(depth, place), self.value(sort, depth, place));
        let mut parts = vec!["CASE WHEN ".into(), condition.into(), " THEN ".into(), result.into()];
        if !self.random.chance(33) {
            parts.extend([" ELSE ".into(), self.value(sort, depth, place).into()]);
        }
        parts.push(" END".into());
        Clause::joined(sort, "", parts)
    }

    fn column(&mut self, sort: Sort, qualifier: &str) -> Clause {
        let name = match sort {
            Sort::Number => self.random.pick(&["order_total", "order_total", "order_total", "user_id"]),
            Sort::Time => self.random.pick(&["created_at", "created_at", "created_at", "created_at", "received_at"]),
            _ => self.random.pick(&TEXT_COLUMNS).0,
        };
        Clause::text(sort, format!("{qualifier}{name}"))
    }

    fn constant(&mut self, sort: Sort) -> Clause {
        let text = match sort {
            Sort::Boolean => self.random.pick(&["TRUE", "FALSE", "NULL"]).to_owned(),
            Sort::Number => {
                self.random.pick(&["0", "1", "2", "3", "10", "-1", "0.5", "2.50", "33.3333", "1e1"]).to_owned()
            }
            Sort::Time => self.random.pick(&INSTANTS).to_owned(),
            Sort::Text => {
                let (_, values) = self.random.pick(&TEXT_COLUMNS);
                format!("'{}'", self.random.pick(values).replace('\\', r"\\"))
            }
        };
        Clause::text(sort, text)
    }

    fn now(&mut self) -> Clause {
        let shift = self.random.pick(&INTERVALS).0;
        match self.random.below(8) {
            0 => Clause::text(Sort::Time, "now()"),
            1 => Clause::of(Sort::Time, ["now()".into(), format!(" + {shift}").as_str().into()]),
            _ => Clause::of(Sort::Time, ["now()".into(), format!(" - {shift}").as_str().into()]),
        }
    }
}

fn qualifier(place: Place) -> &'static str {
    match place {
        Place::Row(qualifier) => qualifier,
        _ => "",
    }
}
