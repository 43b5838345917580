//! Fingerprints: a canonical encoding of an aggregate, hashed.
//!
//! Written by hand and not derived, because a key is filed under in stored state: the order of an
//! enum's variants must be free to change. A number once given in this file is never used again.

use xxhash_rust::xxh3::xxh3_128;

use super::spec::{AggregateKey, AggregateSpec, Interpretation, NowComparison, WindowSpec};
use super::walk::argument_of;
use crate::calendar::{CalendarPart, CalendarUnit};
use crate::rule::{ArithmeticOp, Comparison, ScalarFunction};
use crate::{AggregateFunction, CastType, Column, Expr, ExprKind, PathStep, SqlType, UserColumn, Value};

impl AggregateSpec {
    /// Returns the fingerprint that equal aggregates share.
    pub fn key(&self) -> AggregateKey {
        let mut encoding = Encoding::default();
        encoding.function(&self.function);
        encoding.optional(self.filter.as_ref());
        encoding.window(self.window);
        if let Some(interpretation) = &self.interpretation {
            encoding.interpretation(interpretation);
        }
        AggregateKey(xxh3_128(&encoding.0))
    }
}

/// Joins conditions that must all be TRUE: flat, each once, in the order of their encodings. `None` is any row.
pub(super) fn canonical_conjunction(conditions: Vec<Expr>) -> Option<Expr> {
    let mut parts = Vec::new();
    conditions.into_iter().for_each(|condition| flatten(condition, &mut parts));
    parts.sort_by_cached_key(encoded);
    parts.dedup();
    let span = parts.first()?.span;
    Some(match <[Expr; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => Expr { kind: ExprKind::And(parts), sql_type: SqlType::Boolean, span },
    })
}

fn flatten(condition: Expr, parts: &mut Vec<Expr>) {
    match condition.kind {
        ExprKind::And(inner) => inner.into_iter().for_each(|part| flatten(part, parts)),
        _ => parts.push(condition),
    }
}

fn encoded(expr: &Expr) -> Vec<u8> {
    let mut encoding = Encoding::default();
    encoding.expr(expr);
    encoding.0
}

#[derive(Default)]
struct Encoding(Vec<u8>);

impl Encoding {
    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn length(&mut self, length: usize) {
        self.integer(length as i64);
    }

    fn integer(&mut self, integer: i64) {
        self.0.extend_from_slice(&integer.to_le_bytes());
    }

    fn window(&mut self, window: WindowSpec) {
        for (edge, unit) in [(window.from, window.from_unit), (window.until, window.until_unit)] {
            // 0 is no edge, 1 one from `now()`, above that one from `now()` cut down.
            self.tag(edge.map_or(0, |_| 1 + unit.map_or(0, unit_number)));
            self.integer(edge.unwrap_or(0));
        }
    }

    fn function(&mut self, function: &AggregateFunction) {
        self.tag(match function {
            AggregateFunction::Exists => 1,
            AggregateFunction::CountAll => 2,
            AggregateFunction::Count(_) => 3,
            AggregateFunction::CountDistinct(_) => 4,
            AggregateFunction::Sum(_) => 5,
            AggregateFunction::Avg(_) => 6,
            AggregateFunction::Min(_) => 7,
            AggregateFunction::Max(_) => 8,
            AggregateFunction::Last(_) => 9,
            AggregateFunction::First(_) => 10,
            AggregateFunction::Funnel { .. } => 11,
        });
        if let AggregateFunction::Funnel { window, steps } = function {
            self.integer(*window);
            self.list(steps.iter());
        }
        self.optional(argument_of(function));
    }

    fn interpretation(&mut self, interpretation: &Interpretation) {
        let Interpretation { aggregate, now_comparisons, columns } = interpretation;
        self.tag(1);
        self.function(&aggregate.function);
        self.optional(aggregate.filter.as_ref());
        self.length(now_comparisons.len());
        for NowComparison { time, op, offset, unit } in now_comparisons {
            self.expr(time);
            self.tag(comparison_number(*op));
            self.tag(unit.map_or(0, unit_number));
            self.integer(*offset);
        }
        // The state holds just these, so that another set is another state.
        self.length(columns.len());
        columns.iter().for_each(|column| self.tag(column_number(*column)));
    }

    fn optional(&mut self, expr: Option<&Expr>) {
        self.tag(u8::from(expr.is_some()));
        if let Some(expr) = expr {
            self.expr(expr);
        }
    }

    fn list<'a>(&mut self, list: impl ExactSizeIterator<Item = &'a Expr>) {
        self.length(list.len());
        list.for_each(|expr| self.expr(expr));
    }

    fn pair(&mut self, left: &Expr, right: &Expr) {
        self.expr(left);
        self.expr(right);
    }

    fn expr(&mut self, expr: &Expr) {
        self.sql_type(expr.sql_type);
        match &expr.kind {
            ExprKind::Literal(value) => {
                self.tag(1);
                self.value(value);
            }
            ExprKind::Column(column) => {
                self.tag(2);
                self.tag(column_number(*column));
            }
            ExprKind::Now => self.tag(3),
            ExprKind::Not(inner) => {
                self.tag(4);
                self.expr(inner);
            }
            ExprKind::And(parts) => {
                self.tag(5);
                self.list(parts.iter());
            }
            ExprKind::Or(parts) => {
                self.tag(6);
                self.list(parts.iter());
            }
            ExprKind::Compare { op, left, right } => {
                self.tag(7);
                self.tag(comparison_number(*op));
                self.pair(left, right);
            }
            ExprKind::IsNull(inner) => {
                self.tag(8);
                self.expr(inner);
            }
            ExprKind::IsTrue(inner) => {
                self.tag(9);
                self.expr(inner);
            }
            ExprKind::IsNotDistinct(left, right) => {
                self.tag(10);
                self.pair(left, right);
            }
            ExprKind::InList { value, list } => {
                self.tag(11);
                self.expr(value);
                self.list(list.iter());
            }
            ExprKind::Like { value, pattern } => {
                self.tag(12);
                self.expr(value);
                self.bytes(pattern.as_bytes());
            }
            ExprKind::Arithmetic { op, left, right } => {
                self.tag(13);
                self.tag(arithmetic_number(*op));
                self.pair(left, right);
            }
            ExprKind::Negate(inner) => {
                self.tag(14);
                self.expr(inner);
            }
            ExprKind::Case { branches, otherwise } => {
                self.tag(15);
                self.length(branches.len());
                branches.iter().for_each(|(condition, result)| self.pair(condition, result));
                self.optional(otherwise.as_deref());
            }
            ExprKind::Function { function, arguments } => {
                self.tag(16);
                self.tag(function_number(*function));
                match function {
                    ScalarFunction::DateTrunc(unit) => self.tag(unit_number(*unit)),
                    ScalarFunction::Extract(part) => self.tag(part_number(*part)),
                    _ => {}
                }
                self.list(arguments.iter());
            }
            ExprKind::Cast { value, to } => {
                self.tag(40);
                self.cast_type(*to);
                self.expr(value);
            }
            ExprKind::Path { value, steps } => {
                self.tag(41);
                self.expr(value);
                self.length(steps.len());
                steps.iter().for_each(|step| self.step(step));
            }
            ExprKind::Aggregate(aggregate) => {
                self.tag(17);
                self.function(&aggregate.function);
                self.optional(aggregate.filter.as_ref());
            }
            ExprKind::OfUser(column) => {
                self.tag(34);
                self.tag(match column {
                    UserColumn::Known => 1,
                    UserColumn::CreatedAt => 2,
                    UserColumn::Traits => 3,
                });
            }
            ExprKind::InSegment(tag) => {
                self.tag(35);
                self.bytes(tag.as_bytes());
            }
            ExprKind::Slot(index) => {
                self.tag(18);
                self.length(*index);
            }
            ExprKind::Outer { distance: 1, column } => {
                self.tag(32);
                self.tag(column_number(*column));
            }
            ExprKind::Outer { distance, column } => {
                self.tag(33);
                self.length(*distance);
                self.tag(column_number(*column));
            }
        }
    }

    fn sql_type(&mut self, sql_type: SqlType) {
        match sql_type {
            SqlType::Null => self.tag(1),
            SqlType::Boolean => self.tag(2),
            SqlType::Integer => self.tag(3),
            SqlType::Decimal { scale } => {
                self.tag(4);
                self.tag(scale);
            }
            SqlType::Double => self.tag(5),
            SqlType::Text => self.tag(6),
            SqlType::Timestamp => self.tag(7),
            SqlType::Interval => self.tag(8),
            SqlType::Date => self.tag(9),
            SqlType::Variant => self.tag(10),
        }
    }

    /// A VARCHAR's is its type's alone; numbers have their bounds.
    fn cast_type(&mut self, to: CastType) {
        self.sql_type(to.sql_type());
        match to {
            CastType::Integer { bits } => self.tag(bits),
            CastType::Decimal { precision, .. } => self.tag(precision),
            _ => {}
        }
    }

    fn step(&mut self, step: &PathStep) {
        match step {
            PathStep::Key(key) => {
                self.tag(1);
                self.bytes(key.as_bytes());
            }
            PathStep::Index(index) => {
                self.tag(2);
                self.integer(i64::from(*index));
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(1),
            Value::Boolean(boolean) => {
                self.tag(2);
                self.tag(u8::from(*boolean));
            }
            Value::Integer(whole) => {
                self.tag(3);
                self.integer(*whole);
            }
            Value::Decimal(decimal) => {
                self.tag(4);
                self.0.extend_from_slice(&decimal.units().to_le_bytes());
                self.tag(decimal.scale());
            }
            Value::Double(double) => {
                self.tag(5);
                self.0.extend_from_slice(&double.to_bits().to_le_bytes());
            }
            Value::Text(text) => {
                self.tag(6);
                self.bytes(text.as_bytes());
            }
            Value::Timestamp(time) => {
                self.tag(7);
                self.integer(time.as_micros());
            }
            Value::Interval(micros) => {
                self.tag(8);
                self.integer(*micros);
            }
            Value::Date(day) => {
                self.tag(9);
                self.integer(i64::from(*day));
            }
            Value::Variant(json) => {
                self.tag(10);
                self.bytes(json.to_string().as_bytes());
            }
        }
    }
}

const fn column_number(column: Column) -> u8 {
    match column {
        Column::EventId => 1,
        Column::UserId => 2,
        Column::ActivityType => 3,
        Column::Region => 4,
        Column::Country => 5,
        Column::DeviceType => 6,
        Column::Url => 7,
        Column::ElementId => 8,
        Column::OrderId => 9,
        Column::OrderTotal => 10,
        Column::CreatedAt => 11,
        Column::ReceivedAt => 12,
        Column::Payload => 13,
    }
}

const fn comparison_number(op: Comparison) -> u8 {
    match op {
        Comparison::Equal => 1,
        Comparison::NotEqual => 2,
        Comparison::Less => 3,
        Comparison::LessOrEqual => 4,
        Comparison::Greater => 5,
        Comparison::GreaterOrEqual => 6,
    }
}

const fn arithmetic_number(op: ArithmeticOp) -> u8 {
    match op {
        ArithmeticOp::Add => 1,
        ArithmeticOp::Subtract => 2,
        ArithmeticOp::Multiply => 3,
        ArithmeticOp::Divide => 4,
        ArithmeticOp::Modulo => 5,
    }
}

const fn function_number(function: ScalarFunction) -> u8 {
    match function {
        ScalarFunction::Coalesce => 1,
        ScalarFunction::NullIf => 2,
        ScalarFunction::Lower => 3,
        ScalarFunction::Upper => 4,
        ScalarFunction::Trim => 5,
        ScalarFunction::Length => 6,
        ScalarFunction::Concat => 7,
        ScalarFunction::StartsWith => 8,
        ScalarFunction::Abs => 9,
        ScalarFunction::Greatest => 10,
        ScalarFunction::Least => 11,
        ScalarFunction::Substr => 12,
        ScalarFunction::Round => 13,
        ScalarFunction::Floor => 14,
        ScalarFunction::Ceil => 15,
        ScalarFunction::DateTrunc(_) => 16,
        ScalarFunction::Extract(_) => 17,
        ScalarFunction::Rollout => 18,
    }
}

const fn unit_number(unit: CalendarUnit) -> u8 {
    match unit {
        CalendarUnit::Second => 1,
        CalendarUnit::Minute => 2,
        CalendarUnit::Hour => 3,
        CalendarUnit::Day => 4,
        CalendarUnit::Week => 5,
        CalendarUnit::Month => 6,
        CalendarUnit::Quarter => 7,
        CalendarUnit::Year => 8,
    }
}

const fn part_number(part: CalendarPart) -> u8 {
    match part {
        CalendarPart::Year => 1,
        CalendarPart::Quarter => 2,
        CalendarPart::Month => 3,
        CalendarPart::Week => 4,
        CalendarPart::Day => 5,
        CalendarPart::Hour => 6,
        CalendarPart::Minute => 7,
        CalendarPart::Second => 8,
        CalendarPart::DayOfWeek => 9,
        CalendarPart::IsoDayOfWeek => 10,
        CalendarPart::DayOfYear => 11,
    }
}
