//! Which truth values a condition can have at all, whatever the events are.
//!
//! Always a superset: what is not in it is proven impossible, by constants, by columns and
//! aggregates that are never NULL, by what is never negative, by users who have an event, and by two conditions that
//! exclude each other ([`contradiction`]).

use std::ops::BitOr;

use schema::Timestamp;

use crate::compile::contradiction;
use crate::rule::{Comparison, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, SqlType, Truth, UserColumn, Value, eval};

/// A set of truth values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Possible(u8);

impl Possible {
    pub(super) const TRUE: Self = Self(1);
    pub(super) const FALSE: Self = Self(2);
    pub(super) const NULL: Self = Self(4);
    const ANY: Self = Self(7);

    pub(super) const fn allows(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether only one value is left.
    pub(super) const fn is_settled(self) -> bool {
        self.0.count_ones() == 1
    }

    fn only_if(self, condition: bool) -> Self {
        if condition { self } else { Self(0) }
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// TRUE and FALSE change places.
    fn negated(self) -> Self {
        Self::TRUE.only_if(self.allows(Self::FALSE))
            | Self::FALSE.only_if(self.allows(Self::TRUE))
            | Self::NULL.only_if(self.allows(Self::NULL))
    }

    /// AND of two: FALSE decides, then NULL.
    fn and(self, other: Self) -> Self {
        let null = (self | other).allows(Self::NULL) && self != Self::FALSE && other != Self::FALSE;
        Self::TRUE.only_if(self.allows(Self::TRUE) && other.allows(Self::TRUE))
            | Self::FALSE.only_if((self | other).allows(Self::FALSE))
            | Self::NULL.only_if(null)
    }
}

impl BitOr for Possible {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl From<Truth> for Possible {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::TRUE,
            Truth::False => Self::FALSE,
            Truth::Unknown => Self::NULL,
        }
    }
}

/// Returns the truth values that a condition can have.
pub(super) fn possible(expr: &Expr) -> Possible {
    if is_constant(expr) {
        return at(expr, Timestamp::default());
    }
    match &expr.kind {
        ExprKind::Not(inner) => possible(inner).negated(),
        ExprKind::And(parts) => and(parts),
        ExprKind::Or(parts) => {
            parts.iter().map(|part| possible(part).negated()).fold(Possible::TRUE, Possible::and).negated()
        }
        ExprKind::IsTrue(inner) => either(possible(inner), Possible::TRUE),
        ExprKind::IsNull(inner) if inner.sql_type == SqlType::Boolean => either(possible(inner), Possible::NULL),
        ExprKind::IsNull(inner) => Possible::FALSE | Possible::TRUE.only_if(can_be_null(inner)),
        ExprKind::Compare { op, left, right } => compared(*op, left, right),
        ExprKind::InList { value, list } => listed(value, list),
        ExprKind::IsNotDistinct(..) => Possible::ANY.without(Possible::NULL),
        ExprKind::Like { value, .. } => {
            Possible::ANY.without(Possible::NULL) | Possible::NULL.only_if(can_be_null(value))
        }
        ExprKind::OfUser(UserColumn::Known) | ExprKind::InSegment(_) => Possible::ANY.without(Possible::NULL),
        ExprKind::Aggregate(aggregate) => aggregated(aggregate),
        ExprKind::Function { function: ScalarFunction::Rollout, arguments } => rolled_out(arguments),
        _ => Possible::ANY,
    }
}

/// `x IS …`: TRUE where `x` is one of `wanted`, else FALSE.
fn either(inner: Possible, wanted: Possible) -> Possible {
    Possible::TRUE.only_if(inner.allows(wanted)) | Possible::FALSE.only_if(inner.without(wanted) != Possible(0))
}

fn and(parts: &[Expr]) -> Possible {
    let together = parts.iter().map(possible).fold(Possible::TRUE, Possible::and);
    if contradiction::among(parts).is_some() { together.without(Possible::TRUE) } else { together }
}

fn compared(op: Comparison, left: &Expr, right: &Expr) -> Possible {
    if is_null(left) || is_null(right) {
        return Possible::NULL;
    }
    let settled = against_least(left, right, op).or_else(|| against_least(right, left, op.mirrored()));
    let nullable = can_be_null(left) || can_be_null(right);
    settled.map_or(Possible::ANY.without(Possible::NULL), |holds| {
        Possible::from(if holds { Truth::True } else { Truth::False })
    }) | Possible::NULL.only_if(nullable)
}

/// What a comparison with a constant is when no value of the left side, from its least one on, could change it.
fn against_least(value: &Expr, constant: &Expr, op: Comparison) -> Option<bool> {
    let ExprKind::Literal(constant) = &constant.kind else { return None };
    let against_least = eval::compare(constant, &Value::Integer(least_of(value)?))?;
    match op {
        Comparison::GreaterOrEqual if against_least.is_le() => Some(true),
        Comparison::Less if against_least.is_le() => Some(false),
        Comparison::Greater | Comparison::NotEqual if against_least.is_lt() => Some(true),
        Comparison::LessOrEqual | Comparison::Equal if against_least.is_lt() => Some(false),
        _ => None,
    }
}

/// Returns the least value that an expression can have, if it is never negative.
fn least_of(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Function { function: ScalarFunction::Length, .. } => Some(0),
        ExprKind::Aggregate(aggregate) if is_count(expr) => Some(i64::from(counts_every_event(aggregate))),
        _ => None,
    }
}

/// Whether every event counts. Whoever is asked about has one.
fn counts_every_event(aggregate: &Aggregate) -> bool {
    let counts = match &aggregate.function {
        AggregateFunction::CountAll => true,
        AggregateFunction::Count(argument) | AggregateFunction::CountDistinct(argument) => !can_be_null(argument),
        _ => false,
    };
    counts && aggregate.filter.as_ref().is_none_or(|filter| possible(filter) == Possible::TRUE)
}

/// What `rollout` is for 0 and for 100 per cent.
fn rolled_out(arguments: &[Expr]) -> Possible {
    let percent = arguments.first().map(|percent| &percent.kind);
    let is = |whole| {
        let ExprKind::Literal(percent) = percent? else { return None };
        eval::compare(percent, &Value::Integer(whole)).map(std::cmp::Ordering::is_eq)
    };
    if is(0) == Some(true) {
        return Possible::FALSE;
    }
    if is(100) == Some(true) { Possible::TRUE } else { Possible::ANY.without(Possible::NULL) }
}

fn listed(value: &Expr, list: &[Expr]) -> Possible {
    if is_null(value) {
        return Possible::NULL;
    }
    let nullable = can_be_null(value) || list.iter().any(can_be_null);
    // With a NULL in the list what is not found is unknown.
    Possible::TRUE | Possible::NULL.only_if(nullable) | Possible::FALSE.only_if(!list.iter().any(is_null))
}

fn aggregated(aggregate: &Aggregate) -> Possible {
    match (&aggregate.function, &aggregate.filter) {
        // Whoever is asked about has an event.
        (AggregateFunction::Exists, None) => Possible::TRUE,
        (AggregateFunction::Exists, Some(filter)) => match possible(filter) {
            Possible::TRUE => Possible::TRUE,
            filter => Possible::FALSE | Possible::TRUE.only_if(filter.allows(Possible::TRUE)),
        },
        _ => Possible::ANY,
    }
}

/// Whether neither events nor time decide its value.
fn is_constant(expr: &Expr) -> bool {
    if expr.reads_events() {
        return false;
    }
    let times_cancel = match &expr.kind {
        ExprKind::Compare { left, right, .. } => is_shifted_now(left) && is_shifted_now(right),
        _ => false,
    };
    times_cancel || !expr.names_now()
}

fn is_shifted_now(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Now => true,
        ExprKind::Arithmetic { left, right, .. } => {
            matches!((&left.kind, &right.kind), (ExprKind::Now, ExprKind::Literal(Value::Interval(_))))
        }
        _ => false,
    }
}

fn is_count(expr: &Expr) -> bool {
    let ExprKind::Aggregate(aggregate) = &expr.kind else { return false };
    matches!(
        aggregate.function,
        AggregateFunction::CountAll | AggregateFunction::Count(_) | AggregateFunction::CountDistinct(_)
    )
}

pub(super) fn is_null(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Literal(Value::Null))
}

/// Returns the value of what neither events nor time decide.
pub(crate) fn constant_value(expr: &Expr) -> Option<Value> {
    is_constant(expr).then(|| eval::evaluate(expr, &Nowhere { now: Timestamp::default() }))
}

/// Returns whether it is NULL whatever the events are, and shows it.
pub(super) fn is_always_null(expr: &Expr) -> bool {
    constant_value(expr) == Some(Value::Null)
}

pub(super) fn can_be_null(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(value) => *value == Value::Null,
        ExprKind::Column(column) | ExprKind::Outer { column, .. } => !column.is_not_null(),
        ExprKind::Now | ExprKind::IsNull(_) | ExprKind::IsTrue(_) | ExprKind::IsNotDistinct(..) => false,
        ExprKind::Arithmetic { .. } => !is_shifted_now(expr),
        ExprKind::Function { function: ScalarFunction::Coalesce, arguments } => arguments.iter().all(can_be_null),
        ExprKind::OfUser(UserColumn::Known) | ExprKind::InSegment(_) => false,
        ExprKind::Aggregate(_) => !is_count(expr) && expr.sql_type != SqlType::Boolean,
        _ => true,
    }
}

fn at(expr: &Expr, now: Timestamp) -> Possible {
    match eval::evaluate(expr, &Nowhere { now }) {
        Value::Boolean(true) => Possible::TRUE,
        Value::Boolean(false) => Possible::FALSE,
        _ => Possible::NULL,
    }
}

/// A scope without events, for what does not read them.
struct Nowhere {
    now: Timestamp,
}

impl eval::Scope for Nowhere {
    fn column(&self, _column: Column) -> Value {
        Value::Null
    }

    fn aggregate(&self, _aggregate: &Aggregate) -> Value {
        Value::Null
    }

    fn slot(&self, _index: usize) -> Value {
        Value::Null
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
