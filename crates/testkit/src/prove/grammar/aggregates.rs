//! Aggregates over the user's events, in each of the ways of writing them.

use super::place::{Grammar, Place};
use crate::prove::{Clause, Part, Sort};

impl Grammar<'_> {
    pub(super) fn aggregate(&mut self, sort: Sort, depth: usize) -> Clause {
        if self.random.chance(10) {
            return self.scalar(sort, depth, Place::Clause);
        }
        if sort == Sort::Number && self.random.chance(15) {
            return self.conditional(depth);
        }
        let call = self.call(sort, depth, Place::Row(""));
        if self.random.chance(25) {
            return call;
        }
        let filter = self.boolean(depth.min(1), Place::Row(""));
        Clause::of(sort, [Part::Bare(call), " FILTER (WHERE ".into(), Part::Bare(filter), ")".into()])
    }

    /// An aggregate of rows that are named like this, without a filter.
    pub(super) fn call(&mut self, sort: Sort, depth: usize, row: Place) -> Clause {
        let name = match sort {
            Sort::Number => self.random.pick(&[
                "count(*)",
                "count(*)",
                "count",
                "count(DISTINCT",
                "sum",
                "sum",
                "sum(DISTINCT",
                "avg",
                "avg(DISTINCT",
                "min",
                "max",
                "arg_max",
                "arg_min",
            ]),
            Sort::Boolean => self.random.pick(&["arg_max", "arg_min"]),
            _ => self.random.pick(&["min", "max", "max", "arg_max", "arg_min"]),
        };
        if name == "count(*)" {
            return Clause::text(sort, name);
        }
        let counted = self.random.pick(&[Sort::Text, Sort::Number, Sort::Json, Sort::Day]);
        let of = if name.starts_with("count") { counted } else { sort };
        let argument =
            if self.random.chance(33) { self.value(of, depth.min(1), row) } else { self.column(of, row.qualifier()) };
        let (head, tail) = match name {
            name if name.ends_with("DISTINCT") => (format!("{name} "), ")".to_owned()),
            "arg_max" | "arg_min" => (format!("{name}("), format!(", {}created_at)", row.qualifier())),
            _ => (format!("{name}("), ")".to_owned()),
        };
        Clause::of(sort, [head.into(), argument.into(), tail.into()])
    }

    /// As Databend writes it.
    fn conditional(&mut self, depth: usize) -> Clause {
        let condition = self.boolean(depth.min(1), Place::Row(""));
        if self.random.chance(50) {
            return Clause::of(Sort::Number, ["count_if(".into(), condition.into(), ")".into()]);
        }
        let name = self.random.pick(&["sum_if(", "avg_if(", "min_if(", "max_if("]);
        let column = self.column(Sort::Number, "");
        Clause::of(Sort::Number, [name.into(), column.into(), ", ".into(), condition.into(), ")".into()])
    }
}
