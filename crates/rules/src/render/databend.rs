//! A rule as a Databend query: the same answer, without what Databend lacks or errs in.
//!
//! An aggregate is a scalar subquery over all events of the user, its filter inside the aggregate:
//! in WHERE it could leave no row, for which a correlated `count` comes out as NULL.

use schema::Timestamp;

use crate::render::print::{self, ATOM, NOT, Target};
use crate::rule::{ArithmeticOp, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Rule, Value, plan};

const SAME_USER: &str = "FROM events e WHERE e.user_id = events.user_id";

/// Prints `SELECT DISTINCT user_id FROM events WHERE …` for Databend, with `now()` as a literal.
pub fn databend(rule: &Rule, now: Timestamp) -> String {
    let target = Databend { now, row: "events" };
    format!("SELECT DISTINCT user_id FROM events WHERE {}", print::expression(&rule.expr, &target))
}

#[derive(Clone, Copy)]
struct Databend {
    now: Timestamp,
    /// The name of the rows that columns belong to.
    row: &'static str,
}

impl Target for Databend {
    fn column(&self, column: Column) -> String {
        format!("{}.{}", self.row, column.as_str())
    }

    fn now(&self) -> String {
        print::timestamp(self.now)
    }

    fn interval(&self, micros: i64) -> String {
        let (count, unit) = print::in_units(micros);
        format!("INTERVAL {count} {unit}")
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        let inner = Self { row: "e", ..*self };
        let filter = aggregate.filter.as_ref();
        match &aggregate.function {
            AggregateFunction::Exists => {
                let also =
                    filter.map_or_else(String::new, |filter| format!(" AND {}", print::operand(filter, NOT, &inner)));
                format!("EXISTS (SELECT 1 {SAME_USER}{also})")
            }
            function => format!("(SELECT {} {SAME_USER})", inner.call(function, filter)),
        }
    }

    fn is_true(&self, inner: &Expr, negated: bool) -> String {
        let truth = format!("coalesce({}, FALSE)", print::expression(inner, self));
        if negated { format!("NOT {truth}") } else { truth }
    }

    fn function(&self, function: ScalarFunction, arguments: &[Expr]) -> String {
        let shown = print::comma_separated(arguments, self);
        match (function, arguments) {
            // There is no `starts_with`.
            (ScalarFunction::StartsWith, [text, prefix]) => {
                let (text, prefix) = (print::expression(text, self), print::expression(prefix, self));
                format!("(left({text}, length({prefix})) = {prefix})")
            }
            _ => format!("{}({shown})", function.as_str()),
        }
    }

    fn arithmetic(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String {
        if let Some(instant) = self.shifted_now(op, left, right) {
            return print::timestamp(instant);
        }
        match op {
            // Division by zero would fail the whole query.
            ArithmeticOp::Divide | ArithmeticOp::Modulo => {
                let divisor = print::expression(right, self);
                format!("{} {} NULLIF({divisor}, 0)", print::operand(left, print::PRODUCT, self), op.as_str())
            }
            _ => print::plain_arithmetic(op, left, right, self),
        }
    }
}

impl Databend {
    /// `now() ± interval` is as constant as `now()`.
    fn shifted_now(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> Option<Timestamp> {
        let (ExprKind::Now, ExprKind::Literal(Value::Interval(micros))) = (&left.kind, &right.kind) else {
            return None;
        };
        let shift = if op == ArithmeticOp::Subtract { micros.checked_neg()? } else { *micros };
        let shifted = self.now.plus_micros(shift);
        shifted.to_datetime().map(|_| shifted)
    }

    fn call(&self, function: &AggregateFunction, filter: Option<&Expr>) -> String {
        let name = print::aggregate_name(function);
        let shown = plan::argument_of(function).map(|value| print::expression(value, self)).unwrap_or_default();
        let Some(filter) = filter else { return self.unfiltered(function, &shown) };
        let condition = print::expression(filter, self);
        let present =
            plan::argument_of(function).map(|value| format!("{} IS NOT NULL", print::operand(value, ATOM, self)));
        let also_present = format!("{} AND {}", print::operand(filter, NOT, self), present.unwrap_or_default());
        match function {
            AggregateFunction::Exists | AggregateFunction::CountAll => format!("count_if({condition})"),
            AggregateFunction::Count(_) => format!("count_if({also_present})"),
            AggregateFunction::CountDistinct(_) => format!("count(DISTINCT CASE WHEN {condition} THEN {shown} END)"),
            AggregateFunction::Last(_) | AggregateFunction::First(_) => {
                format!("{name}_if({shown}, (e.created_at, e.event_id), {also_present})")
            }
            AggregateFunction::Sum(_)
            | AggregateFunction::Avg(_)
            | AggregateFunction::Min(_)
            | AggregateFunction::Max(_) => format!("{name}_if({shown}, {condition})"),
        }
    }

    fn unfiltered(&self, function: &AggregateFunction, shown: &str) -> String {
        let name = print::aggregate_name(function);
        match function {
            AggregateFunction::Exists | AggregateFunction::CountAll => "count(*)".to_owned(),
            AggregateFunction::CountDistinct(_) => format!("count(DISTINCT {shown})"),
            AggregateFunction::Last(_) | AggregateFunction::First(_) => {
                format!("{name}_if({shown}, (e.created_at, e.event_id), {shown} IS NOT NULL)")
            }
            _ => format!("{name}({shown})"),
        }
    }
}
