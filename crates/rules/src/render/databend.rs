//! A rule as a Databend query: the same answer, without what Databend lacks or errs in.
//!
//! An aggregate is a scalar subquery over all events of the user, its filter inside the aggregate:
//! in WHERE it could leave no row, for which a correlated `count` comes out as NULL.

use schema::Timestamp;

use crate::render::print::{self, ATOM, NOT, Target};
use crate::rule::{ArithmeticOp, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Rule, SqlType, Value, plan};

/// Prints `SELECT DISTINCT user_id FROM events WHERE …` for Databend, with `now()` as a literal.
pub fn databend(rule: &Rule, now: Timestamp) -> String {
    let target = Databend { now, level: 0 };
    format!("SELECT DISTINCT user_id FROM events WHERE {}", print::expression(&rule.expr, &target))
}

#[derive(Clone, Copy)]
struct Databend {
    now: Timestamp,
    /// How many aggregates the rendered expression stands in.
    level: usize,
}

impl Target for Databend {
    fn column(&self, column: Column) -> String {
        format!("{}.{}", print::alias(self.level), column.as_str())
    }

    fn outer(&self, column: Column) -> String {
        format!("{}.{}", around(self.level), column.as_str())
    }

    fn now(&self) -> String {
        print::timestamp(self.now)
    }

    fn interval(&self, micros: i64) -> String {
        let (count, unit) = print::in_units(micros);
        format!("INTERVAL {count} {unit}")
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        let inner = Self { level: self.level + 1, ..*self };
        let (rows, filter) = (inner.rows(aggregate), aggregate.filter.as_ref());
        let also = || filter.map_or_else(String::new, |filter| format!(" AND {}", print::operand(filter, NOT, &inner)));
        match &aggregate.function {
            AggregateFunction::Exists if !aggregate.is_correlated() => format!("EXISTS (SELECT 1 {rows}{})", also()),
            function if aggregate.is_correlated() || filter.is_some_and(Expr::holds_aggregate) => {
                // A subquery inside an aggregate's argument fails; only in WHERE it may stand.
                let selected = match filter.is_some_and(Expr::holds_aggregate) {
                    true => format!("(SELECT {} {rows}{})", inner.call(function, None), also()),
                    false => format!("(SELECT {} {rows})", inner.call(function, filter)),
                };
                match function.over_nothing() {
                    Value::Boolean(_) => format!("(coalesce({selected}, 0) > 0)"),
                    Value::Integer(nothing) => format!("coalesce({selected}, {nothing})"),
                    _ => selected,
                }
            }
            function => format!("(SELECT {} {rows})", inner.call(function, filter)),
        }
    }

    fn is_true(&self, inner: &Expr, negated: bool) -> String {
        let truth = format!("coalesce({}, FALSE)", print::expression(inner, self));
        if negated { format!("NOT {truth}") } else { truth }
    }

    fn like(&self, value: &Expr, pattern: &str, negated: bool) -> String {
        match by_characters(pattern) {
            Some(regex) => {
                let not = if negated { "NOT " } else { "" };
                format!("{not}regexp_like({}, {})", print::expression(value, self), print::text(&regex))
            }
            None => print::plain_like(value, pattern, negated, self),
        }
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
            _ if (left.sql_type, right.sql_type) == (SqlType::Integer, SqlType::Integer) => {
                self.integers(op, left, right)
            }
            // Without its type a time that is NULL is taken for an interval, and the query fails.
            _ if left.sql_type == SqlType::Timestamp => {
                let time = print::expression(left, self);
                format!("TRY_CAST({time} AS TIMESTAMP) {} {}", op.as_str(), print::operand(right, ATOM, self))
            }
            _ => print::plain_arithmetic(op, left, right, self),
        }
    }
}

impl Databend {
    /// The rows of an aggregate.
    ///
    /// A subquery that names columns of the row around it is evaluated once for each of their values,
    /// and NULL is none of them: its answer is lost. So the row around is read again, found by columns
    /// that are never NULL. As a condition in EXISTS, such columns fail for some plans.
    fn rows(&self, aggregate: &Aggregate) -> String {
        if !aggregate.is_correlated() {
            return print::same_user(self.level);
        }
        let (own, again, row) = (print::alias(self.level), around(self.level), print::alias(self.level - 1));
        format!(
            "FROM events {own} JOIN events {again} ON {again}.user_id = {own}.user_id WHERE {again}.user_id = {row}.user_id \
             AND {again}.event_id = {row}.event_id AND {again}.received_at = {row}.received_at"
        )
    }

    /// Integers wrap around in Databend; as decimals they have room, and what is too great is NULL.
    fn integers(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String {
        let wide = |side| format!("CAST({} AS DECIMAL(38, 0))", print::expression(side, self));
        format!("TRY_CAST({} {} {} AS BIGINT)", wide(left), op.as_str(), wide(right))
    }

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
        let value = plan::argument_of(function);
        // `sum_if` and its like give 0 where only NULLs pass the condition: a CASE inside does not.
        let only = |value: String| match filter {
            Some(filter) => format!("CASE WHEN {} THEN {value} END", print::expression(filter, self)),
            None => value,
        };
        let shown = value.map(|value| print::expression(value, self)).unwrap_or_default();
        match function {
            AggregateFunction::Exists | AggregateFunction::CountAll => match filter {
                Some(filter) => format!("count_if({})", print::expression(filter, self)),
                None => "count(*)".to_owned(),
            },
            AggregateFunction::CountDistinct(_) => format!("count(DISTINCT {})", only(shown)),
            AggregateFunction::Last(value) | AggregateFunction::First(value) => {
                let row = print::alias(self.level);
                format!("{name}_if({shown}, ({row}.created_at, {row}.event_id), {})", self.present(value, filter))
            }
            AggregateFunction::Count(_)
            | AggregateFunction::Sum(_)
            | AggregateFunction::Avg(_)
            | AggregateFunction::Min(_)
            | AggregateFunction::Max(_) => format!("{name}({})", only(shown)),
        }
    }

    /// The condition that an event passes the filter and has a value.
    fn present(&self, value: &Expr, filter: Option<&Expr>) -> String {
        let present = format!("{} IS NOT NULL", print::operand(value, ATOM, self));
        match filter {
            Some(filter) => format!("{} AND {present}", print::operand(filter, NOT, self)),
            None => present,
        }
    }
}

/// The name of the row around an aggregate, read again.
fn around(level: usize) -> String {
    format!("o{level}")
}

/// Returns the regular expression of a LIKE pattern, if it stands for single characters anywhere.
///
/// Databend's `_` is one byte, not one character.
fn by_characters(pattern: &str) -> Option<String> {
    let mut regex = "(?s)^".to_owned();
    let mut single = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => regex += ".*",
            '_' => {
                single = true;
                regex.push('.');
            }
            '\\' => push_literally(&mut regex, characters.next().unwrap_or('\\')),
            other => push_literally(&mut regex, other),
        }
    }
    single.then(|| regex + "$")
}

fn push_literally(regex: &mut String, character: char) {
    if r"\.+*?()|[]{}^$#&-~".contains(character) {
        regex.push('\\');
    }
    regex.push(character);
}
