//! The one text of a rule: what two clauses that mean the same by construction both print as.

use crate::render::print::{self, NOT, SUM, Target};
use crate::rule::{ArithmeticOp, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Expr, Rule};

/// Prints the canonical clause: compiling it gives an equal rule.
pub fn canonical(rule: &Rule) -> String {
    print::expression(&rule.expr, &Canonical)
}

struct Canonical;

impl Target for Canonical {
    fn column(&self, column: Column) -> String {
        column.as_str().to_owned()
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
        let filter = aggregate.filter.as_ref();
        let name = print::aggregate_name(&aggregate.function);
        let shown = |value: &Expr| print::expression(value, self);
        let call = match &aggregate.function {
            AggregateFunction::Exists => return self.exists(filter),
            AggregateFunction::CountAll => format!("{name}(*)"),
            AggregateFunction::CountDistinct(value) => format!("{name}(DISTINCT {})", shown(value)),
            AggregateFunction::Last(value) | AggregateFunction::First(value) => {
                format!("{name}({}, created_at)", shown(value))
            }
            AggregateFunction::Count(value)
            | AggregateFunction::Sum(value)
            | AggregateFunction::Avg(value)
            | AggregateFunction::Min(value)
            | AggregateFunction::Max(value) => format!("{name}({})", shown(value)),
        };
        filter.map_or(call.clone(), |filter| format!("{call} FILTER (WHERE {})", shown(filter)))
    }

    fn is_true(&self, inner: &Expr, negated: bool) -> String {
        format!("{} IS {}TRUE", print::operand(inner, SUM, self), if negated { "NOT " } else { "" })
    }

    fn like(&self, value: &Expr, pattern: &str, negated: bool) -> String {
        print::plain_like(value, pattern, negated, self)
    }

    fn function(&self, function: ScalarFunction, arguments: &[Expr]) -> String {
        format!("{}({})", function.as_str(), print::comma_separated(arguments, self))
    }

    fn arithmetic(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String {
        print::plain_arithmetic(op, left, right, self)
    }
}

impl Canonical {
    fn exists(&self, filter: Option<&Expr>) -> String {
        let also = filter.map_or_else(String::new, |filter| match &filter.kind {
            crate::ExprKind::And(_) => format!(" AND {}", print::expression(filter, self)),
            _ => format!(" AND {}", print::operand(filter, NOT, self)),
        });
        format!("EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id{also})")
    }
}
