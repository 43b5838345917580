//! Expressions by hand, for the tests of this crate that must not depend on the parser.

use schema::Timestamp;

use crate::rule::{ArithmeticOp, Comparison};
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Span, SqlType, Value};

pub(crate) fn expr(kind: ExprKind, sql_type: SqlType) -> Expr {
    Expr { kind, sql_type, span: Span::default() }
}

pub(crate) fn boolean(kind: ExprKind) -> Expr {
    expr(kind, SqlType::Boolean)
}

pub(crate) fn literal(value: Value) -> Expr {
    let sql_type = match &value {
        Value::Null => SqlType::Null,
        Value::Boolean(_) => SqlType::Boolean,
        Value::Integer(_) => SqlType::Integer,
        Value::Decimal(decimal) => SqlType::Decimal { scale: decimal.scale() },
        Value::Double(_) => SqlType::Double,
        Value::Text(_) => SqlType::Text,
        Value::Timestamp(_) => SqlType::Timestamp,
        Value::Interval(_) => SqlType::Interval,
        Value::Date(_) => SqlType::Date,
        Value::Variant(_) => SqlType::Variant,
    };
    expr(ExprKind::Literal(value), sql_type)
}

pub(crate) fn text(text: &str) -> Expr {
    literal(Value::Text(text.to_owned()))
}

pub(crate) fn integer(whole: i64) -> Expr {
    literal(Value::Integer(whole))
}

pub(crate) fn time(text: &str) -> Expr {
    literal(Value::Timestamp(Timestamp::parse(text).unwrap()))
}

pub(crate) fn column(column: Column) -> Expr {
    expr(ExprKind::Column(column), column.sql_type())
}

/// `now()` plus microseconds.
pub(crate) fn now_plus(micros: i64) -> Expr {
    let kind = ExprKind::Arithmetic {
        op: ArithmeticOp::Add,
        left: Box::new(expr(ExprKind::Now, SqlType::Timestamp)),
        right: Box::new(literal(Value::Interval(micros))),
    };
    expr(kind, SqlType::Timestamp)
}

pub(crate) fn compare(left: Expr, op: Comparison, right: Expr) -> Expr {
    boolean(ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) })
}

pub(crate) fn not(inner: Expr) -> Expr {
    boolean(ExprKind::Not(Box::new(inner)))
}

pub(crate) fn and(parts: impl Into<Vec<Expr>>) -> Expr {
    boolean(ExprKind::And(parts.into()))
}

pub(crate) fn or(parts: impl Into<Vec<Expr>>) -> Expr {
    boolean(ExprKind::Or(parts.into()))
}

pub(crate) fn aggregate(function: AggregateFunction, filter: Option<Expr>) -> Expr {
    let sql_type = match &function {
        AggregateFunction::Exists => SqlType::Boolean,
        AggregateFunction::CountAll | AggregateFunction::Count(_) | AggregateFunction::CountDistinct(_) => {
            SqlType::Integer
        }
        AggregateFunction::Avg(_) => SqlType::Decimal { scale: 10 },
        AggregateFunction::Sum(of)
        | AggregateFunction::Min(of)
        | AggregateFunction::Max(of)
        | AggregateFunction::Last(of)
        | AggregateFunction::First(of) => of.sql_type,
        AggregateFunction::Funnel { .. } => SqlType::Integer,
    };
    expr(ExprKind::Aggregate(Box::new(Aggregate { function, filter })), sql_type)
}
