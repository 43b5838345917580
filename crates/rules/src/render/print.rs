//! Expressions as SQL: operators, their precedence, and the parentheses that it needs.

use schema::Timestamp;

use crate::rule::{ArithmeticOp, Comparison, ScalarFunction};
use crate::{Aggregate, AggregateFunction, CastType, Column, Expr, ExprKind, PathStep, UserColumn, Value, calendar};

/// What two kinds of SQL say differently.
pub(super) trait Target: Sized {
    fn column(&self, column: Column) -> String;
    fn outer(&self, distance: usize, column: Column) -> String;
    fn now(&self) -> String;
    fn interval(&self, micros: i64) -> String;
    fn aggregate(&self, aggregate: &Aggregate) -> String;
    fn of_user(&self, column: UserColumn) -> String;
    fn in_segment(&self, tag: &str) -> String;
    fn compare(&self, op: Comparison, left: &Expr, right: &Expr) -> String {
        format!("{} {} {}", operand(left, SUM, self), op.as_str(), operand(right, SUM, self))
    }
    fn negate(&self, inner: &Expr) -> String {
        plain_negate(inner, self)
    }
    fn in_list(&self, value: &Expr, list: &[Expr], negated: bool) -> String {
        plain_in_list(value, list, negated, self)
    }
    fn is_true(&self, inner: &Expr, negated: bool) -> String;
    fn like(&self, value: &Expr, pattern: &str, negated: bool) -> String;
    fn function(&self, function: ScalarFunction, arguments: &[Expr]) -> String;
    fn arithmetic(&self, op: ArithmeticOp, left: &Expr, right: &Expr) -> String;
    fn cast(&self, value: &Expr, to: CastType) -> String;
}

// How tightly an expression binds, from loosely to an atom.
pub(super) const OR: u8 = 1;
pub(super) const NOT: u8 = 3;
const TEST: u8 = 4;
pub(super) const SUM: u8 = 5;
pub(super) const PRODUCT: u8 = 6;
pub(super) const ATOM: u8 = 8;

/// Prints an expression on its own.
pub(super) fn expression(expr: &Expr, target: &impl Target) -> String {
    operand(expr, OR, target)
}

/// Prints an expression, in parentheses unless it binds at least as tightly as `needed`.
pub(super) fn operand(expr: &Expr, needed: u8, target: &impl Target) -> String {
    let printed = printed(expr, target);
    if binding(expr) < needed { format!("({printed})") } else { printed }
}

fn binding(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Or(_) => OR,
        ExprKind::And(_) => OR + 1,
        ExprKind::Not(inner) if negated_form(inner) => TEST,
        ExprKind::Not(_) => NOT,
        ExprKind::Compare { .. }
        | ExprKind::IsNull(_)
        | ExprKind::IsTrue(_)
        | ExprKind::IsNotDistinct(..)
        | ExprKind::InList { .. }
        | ExprKind::Like { .. } => TEST,
        ExprKind::Arithmetic { op: ArithmeticOp::Add | ArithmeticOp::Subtract, .. } | ExprKind::Negate(_) => SUM,
        ExprKind::Arithmetic { .. } => PRODUCT,
        ExprKind::Literal(value) if is_negative(value) => SUM,
        ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Outer { .. }
        | ExprKind::Now
        | ExprKind::Case { .. }
        | ExprKind::Function { .. }
        | ExprKind::Cast { .. }
        | ExprKind::Path { .. }
        | ExprKind::Aggregate(_)
        | ExprKind::OfUser(_)
        | ExprKind::InSegment(_)
        | ExprKind::Slot(_) => ATOM,
    }
}

/// `NOT EXISTS (…)` is read as one word, so that what begins with EXISTS and goes on needs parentheses.
fn denied(inner: &Expr, target: &impl Target) -> String {
    let printed = operand(inner, NOT, target);
    let goes_on = printed.starts_with("EXISTS") && !matches!(inner.kind, ExprKind::Aggregate(_)) && !inner.is_of_user();
    if goes_on { format!("NOT ({printed})") } else { format!("NOT {printed}") }
}

/// Whether NOT goes inside: `IS NOT NULL`, `NOT IN`.
fn negated_form(inner: &Expr) -> bool {
    matches!(
        inner.kind,
        ExprKind::IsNull(_)
            | ExprKind::IsTrue(_)
            | ExprKind::IsNotDistinct(..)
            | ExprKind::InList { .. }
            | ExprKind::Like { .. }
    )
}

fn is_negative(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number < 0,
        Value::Decimal(number) => number.units() < 0,
        Value::Double(number) => number.is_sign_negative(),
        _ => false,
    }
}

fn printed(expr: &Expr, target: &impl Target) -> String {
    match &expr.kind {
        ExprKind::Literal(value) => literal(value, target),
        ExprKind::Column(column) => target.column(*column),
        ExprKind::Outer { distance, column } => target.outer(*distance, *column),
        ExprKind::Now => target.now(),
        ExprKind::Not(inner) if negated_form(inner) => test(inner, true, target),
        ExprKind::Not(inner) => denied(inner, target),
        ExprKind::And(parts) => joined(parts, " AND ", target),
        ExprKind::Or(parts) => joined(parts, " OR ", target),
        ExprKind::Compare { op, left, right } => target.compare(*op, left, right),
        ExprKind::Arithmetic { op, left, right } => target.arithmetic(*op, left, right),
        ExprKind::Negate(inner) => target.negate(inner),
        ExprKind::Case { branches, otherwise } => case(branches, otherwise.as_deref(), target),
        ExprKind::Function { function, arguments } => target.function(*function, arguments),
        ExprKind::Cast { value, to } => target.cast(value, *to),
        ExprKind::Path { value, steps } => path(value, steps, target),
        ExprKind::Aggregate(aggregate) => target.aggregate(aggregate),
        ExprKind::OfUser(column) => target.of_user(*column),
        ExprKind::InSegment(tag) => target.in_segment(tag),
        ExprKind::Slot(index) => format!("${index}"),
        _ => test(expr, false, target),
    }
}

fn path(value: &Expr, steps: &[PathStep], target: &impl Target) -> String {
    let mut printed = match value.kind {
        ExprKind::Column(column) => target.column(column),
        _ => format!("({})", expression(value, target)),
    };
    for step in steps {
        match step {
            PathStep::Key(key) => printed += &format!("[{}]", text(key)),
            PathStep::Index(index) => printed += &format!("[{index}]"),
        }
    }
    printed
}

/// Prints the name of a type in SQL.
pub(super) fn cast_type(to: CastType) -> String {
    match to {
        CastType::Boolean => "BOOLEAN".to_owned(),
        CastType::Integer { bits: 8 } => "TINYINT".to_owned(),
        CastType::Integer { bits: 16 } => "SMALLINT".to_owned(),
        CastType::Integer { bits: 32 } => "INT".to_owned(),
        CastType::Integer { .. } => "BIGINT".to_owned(),
        CastType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        CastType::Double => "DOUBLE".to_owned(),
        CastType::Text => "VARCHAR".to_owned(),
        CastType::Timestamp => "TIMESTAMP".to_owned(),
        CastType::Date => "DATE".to_owned(),
    }
}

fn test(expr: &Expr, negated: bool, target: &impl Target) -> String {
    let not = if negated { "NOT " } else { "" };
    match &expr.kind {
        ExprKind::IsNull(inner) => format!("{} IS {not}NULL", operand(inner, SUM, target)),
        ExprKind::IsTrue(inner) => target.is_true(inner, negated),
        ExprKind::IsNotDistinct(left, right) => {
            let not = if negated { "" } else { "NOT " };
            format!("{} IS {not}DISTINCT FROM {}", operand(left, SUM, target), operand(right, SUM, target))
        }
        ExprKind::InList { value, list } => target.in_list(value, list, negated),
        ExprKind::Like { value, pattern } => target.like(value, pattern, negated),
        _ => String::new(),
    }
}

/// Prints `-inner`.
pub(super) fn plain_negate(inner: &Expr, target: &impl Target) -> String {
    format!("-{}", operand(inner, ATOM, target))
}

/// Prints `value IN (…)`.
pub(super) fn plain_in_list(value: &Expr, list: &[Expr], negated: bool, target: &impl Target) -> String {
    let not = if negated { "NOT " } else { "" };
    format!("{} {not}IN ({})", operand(value, SUM, target), comma_separated(list, target))
}

/// Prints `value LIKE 'pattern'`.
pub(super) fn plain_like(value: &Expr, pattern: &str, negated: bool, target: &impl Target) -> String {
    let not = if negated { "NOT " } else { "" };
    format!("{} {not}LIKE {}", operand(value, SUM, target), text(pattern))
}

fn joined(parts: &[Expr], with: &str, target: &impl Target) -> String {
    let parts: Vec<String> = parts.iter().map(|part| operand(part, NOT, target)).collect();
    parts.join(with)
}

fn case(branches: &[(Expr, Expr)], otherwise: Option<&Expr>, target: &impl Target) -> String {
    let mut printed = "CASE".to_owned();
    for (condition, result) in branches {
        printed += &format!(" WHEN {} THEN {}", expression(condition, target), expression(result, target));
    }
    if let Some(otherwise) = otherwise {
        printed += &format!(" ELSE {}", expression(otherwise, target));
    }
    printed + " END"
}

pub(super) fn comma_separated(parts: &[Expr], target: &impl Target) -> String {
    let parts: Vec<String> = parts.iter().map(|part| expression(part, target)).collect();
    parts.join(", ")
}

/// Prints `left op right`; the right side binds more tightly, as operators lean to the left.
pub(super) fn plain_arithmetic(op: ArithmeticOp, left: &Expr, right: &Expr, target: &impl Target) -> String {
    let level = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => SUM,
        ArithmeticOp::Multiply | ArithmeticOp::Divide | ArithmeticOp::Modulo => PRODUCT,
    };
    format!("{} {} {}", operand(left, level, target), op.as_str(), operand(right, level + 1, target))
}

fn literal(value: &Value, target: &impl Target) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(true) => "TRUE".to_owned(),
        Value::Boolean(false) => "FALSE".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Text(value) => text(value),
        Value::Timestamp(instant) => timestamp(*instant),
        Value::Interval(micros) => target.interval(*micros),
        Value::Date(day) => format!("DATE '{}'", calendar::shown(*day)),
        Value::Variant(json) => format!("parse_json({})", text(&json.to_string())),
    }
}

/// Prints a text constant: quotes doubled, backslashes escaped.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// Prints a timestamp constant in UTC.
pub(super) fn timestamp(instant: Timestamp) -> String {
    let shown = instant.to_string();
    format!("TIMESTAMP '{}'", shown.trim_end_matches('Z').replacen('T', " ", 1))
}

/// Returns the greatest unit up to a day that measures a length without a rest, and how many of it.
pub(super) fn in_units(micros: i64) -> (i64, &'static str) {
    const UNITS: [(i64, &str); 5] = [
        (86_400_000_000, "DAY"),
        (3_600_000_000, "HOUR"),
        (60_000_000, "MINUTE"),
        (1_000_000, "SECOND"),
        (1, "MICROSECOND"),
    ];
    let fitting = UNITS.into_iter().find(|(length, _)| micros % length == 0);
    fitting.map_or((micros, "MICROSECOND"), |(length, unit)| (micros / length, unit))
}

/// Returns the name of the rows so many levels inside of the clause, as subqueries call them.
pub(super) fn alias(level: usize) -> String {
    match level {
        0 => "events".to_owned(),
        1 => "e".to_owned(),
        level => format!("e{level}"),
    }
}

/// Prints the part of a subquery at a level that ties it to the user of the row around it.
pub(super) fn same_user(level: usize) -> String {
    let (own, around) = (alias(level), alias(level.saturating_sub(1)));
    format!("FROM events {own} WHERE {own}.user_id = {around}.user_id")
}

/// Returns the name of an aggregate in SQL.
pub(super) const fn aggregate_name(function: &AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::Exists => "exists",
        AggregateFunction::CountAll | AggregateFunction::Count(_) | AggregateFunction::CountDistinct(_) => "count",
        AggregateFunction::Sum(_) => "sum",
        AggregateFunction::Avg(_) => "avg",
        AggregateFunction::Min(_) => "min",
        AggregateFunction::Max(_) => "max",
        AggregateFunction::Last(_) => "arg_max",
        AggregateFunction::First(_) => "arg_min",
        AggregateFunction::Funnel { .. } => "window_funnel",
    }
}
