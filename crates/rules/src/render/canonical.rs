//! The one text of a rule: what two clauses that mean the same by construction both print as.

use crate::render::print::{self, NOT, SUM, Target};
use crate::rule::{ArithmeticOp, ScalarFunction};
use crate::{Aggregate, AggregateFunction, CastType, Column, Expr, Rule, UserColumn};

/// Prints the canonical clause: compiling it gives an equal rule.
pub fn canonical(rule: &Rule) -> String {
    print::expression(&rule.expr, &Canonical { level: 0 })
}

/// Prints a part that stands in so many aggregates, as it is printed inside of the whole.
pub fn canonical_inside(expr: &Expr, aggregates: usize) -> String {
    print::expression(expr, &Canonical { level: aggregates })
}

const MICROS_PER_SECOND: i64 = 1_000_000;

#[derive(Clone, Copy)]
struct Canonical {
    /// How many aggregates the printed expression stands in.
    level: usize,
}

impl Target for Canonical {
    fn column(&self, column: Column) -> String {
        column.as_str().to_owned()
    }

    fn outer(&self, distance: usize, column: Column) -> String {
        format!("{}.{}", print::alias(self.level.saturating_sub(distance)), column.as_str())
    }

    fn now(&self) -> String {
        "now()".to_owned()
    }

    fn interval(&self, micros: i64) -> String {
        match print::in_units(micros) {
            (count, unit) if count < 0 || unit == "MICROSECOND" => format!("INTERVAL '{count} {unit}'"),
            (count, unit) => format!("INTERVAL {count} {unit}"),
        }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        if aggregate.function == AggregateFunction::Exists {
            return format!("EXISTS (SELECT 1 {})", self.rows(aggregate.filter.as_ref()));
        }
        // FILTER stands in the clause itself, and has no name for another row.
        if self.level > 0 || !aggregate.is_plain() {
            return format!("(SELECT {} {})", self.inner().call(aggregate), self.rows(aggregate.filter.as_ref()));
        }
        let call = self.call(aggregate);
        let filtered = |filter| format!("{call} FILTER (WHERE {})", print::expression(filter, self));
        aggregate.filter.as_ref().map_or_else(|| call.clone(), filtered)
    }

    fn of_user(&self, column: UserColumn) -> String {
        let rows = format!("FROM users p WHERE p.user_id = {}.user_id", print::alias(self.level));
        match column {
            UserColumn::Known => format!("EXISTS (SELECT 1 {rows})"),
            UserColumn::CreatedAt => format!("(SELECT p.created_at {rows})"),
            UserColumn::Traits => format!("(SELECT p.traits {rows})"),
        }
    }

    fn in_segment(&self, tag: &str) -> String {
        let (row, tag) = (print::alias(self.level), print::text(tag));
        format!("EXISTS (SELECT 1 FROM segment_members s WHERE s.user_id = {row}.user_id AND s.segment = {tag})")
    }

    fn is_true(&self, inner: &Expr, negated: bool) -> String {
        format!("{} IS {}TRUE", print::operand(inner, SUM, self), if negated { "NOT " } else { "" })
    }

    fn like(&self, value: &Expr, pattern: &str, negated: bool) -> String {
        print::plain_like(value, pattern, negated, self)
    }

    fn function(&self, function: ScalarFunction, arguments: &[Expr]) -> String {
        let shown = print::comma_separated(arguments, self);
        match (function, arguments) {
            (ScalarFunction::DateTrunc(unit), _) => format!("date_trunc('{}', {shown})", unit.as_str()),
            (ScalarFunction::Extract(part), _) => format!("extract({} FROM {shown})", part.as_str()),
            // The column is understood.
            (ScalarFunction::Rollout, [written @ .., _]) => {
                format!("rollout({})", print::comma_separated(written, self))
            }
            _ => format!("{}({shown})", function.as_str()),
        }
    }

    fn cast(&self, value: &Expr, to: CastType) -> String {
        format!("CAST({} AS {})", print::expression(value, self), print::cast_type(to))
    }

    fn arithmetic(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String {
        print::plain_arithmetic(op, left, right, self)
    }
}

impl Canonical {
    const fn inner(self) -> Self {
        Self { level: self.level + 1 }
    }

    /// Prints `FROM events e WHERE e.user_id = events.user_id AND …` for the rows that pass a filter.
    fn rows(self, filter: Option<&Expr>) -> String {
        let inner = self.inner();
        let also = filter.map_or_else(String::new, |filter| match &filter.kind {
            crate::ExprKind::And(_) => format!(" AND {}", print::expression(filter, &inner)),
            _ => format!(" AND {}", print::operand(filter, NOT, &inner)),
        });
        format!("{}{also}", print::same_user(inner.level))
    }

    fn call(self, aggregate: &Aggregate) -> String {
        let name = print::aggregate_name(&aggregate.function);
        let shown = |value: &Expr| print::expression(value, &self);
        match &aggregate.function {
            AggregateFunction::Exists => name.to_owned(),
            AggregateFunction::CountAll => format!("{name}(*)"),
            AggregateFunction::CountDistinct(value) => format!("{name}(DISTINCT {})", shown(value)),
            AggregateFunction::Last(value) | AggregateFunction::First(value) => {
                format!("{name}({}, created_at)", shown(value))
            }
            AggregateFunction::Funnel { window, steps } => {
                format!("{name}({})(created_at, {})", window / MICROS_PER_SECOND, print::comma_separated(steps, &self))
            }
            AggregateFunction::Count(value)
            | AggregateFunction::Sum(value)
            | AggregateFunction::Avg(value)
            | AggregateFunction::Min(value)
            | AggregateFunction::Max(value) => format!("{name}({})", shown(value)),
        }
    }
}
