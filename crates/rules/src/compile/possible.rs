//! Which truth values a condition can have at all, whatever the events are.
//!
//! Always a superset: what is not in it is proven impossible, by constants, by columns and
//! aggregates that are never NULL, and by counts that are never negative.

use std::ops::BitOr;

use schema::Timestamp;

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
        _ => Possible::ANY,
    }
}

/// `x IS …`: TRUE where `x` is one of `wanted`, else FALSE.
fn either(inner: Possible, wanted: Possible) -> Possible {
    Possible::TRUE.only_if(inner.allows(wanted)) | Possible::FALSE.only_if(inner.without(wanted) != Possible(0))
}

fn and(parts: &[Expr]) -> Possible {
    let together = parts.iter().map(possible).fold(Possible::TRUE, Possible::and);
    if contradict(parts) { together.without(Possible::TRUE) } else { together }
}

/// Whether two parts want different values of one column.
fn contradict(parts: &[Expr]) -> bool {
    let wanted: Vec<(Column, &Value)> = parts.iter().filter_map(equals).collect();
    wanted.iter().enumerate().any(|(index, (column, value))| {
        let rest = wanted.iter().skip(index + 1);
        rest.clone()
            .any(|(other, found)| other == column && eval::compare(found, value).is_some_and(|order| order.is_ne()))
    })
}

fn equals(part: &Expr) -> Option<(Column, &Value)> {
    let ExprKind::Compare { op: Comparison::Equal, left, right } = &part.kind else { return None };
    match (&left.kind, &right.kind) {
        (ExprKind::Column(column), ExprKind::Literal(value)) | (ExprKind::Literal(value), ExprKind::Column(column)) => {
            Some((*column, value))
        }
        _ => None,
    }
}

fn compared(op: Comparison, left: &Expr, right: &Expr) -> Possible {
    if is_null(left) || is_null(right) {
        return Possible::NULL;
    }
    let never_negative = count_against(left, right, op).or_else(|| count_against(right, left, op.mirrored()));
    let open = Possible::ANY.without(Possible::NULL) | Possible::NULL.only_if(can_be_null(left) || can_be_null(right));
    never_negative.map_or(open, |holds| Possible::from(if holds { Truth::True } else { Truth::False }))
}

/// What a comparison of a count with a constant is when no count could change it.
fn count_against(count: &Expr, constant: &Expr, op: Comparison) -> Option<bool> {
    let ExprKind::Literal(constant) = &constant.kind else { return None };
    let against_least = eval::compare(constant, &Value::Integer(0))?;
    if !is_count(count) {
        return None;
    }
    match op {
        Comparison::GreaterOrEqual if against_least.is_le() => Some(true),
        Comparison::Less if against_least.is_le() => Some(false),
        Comparison::Greater | Comparison::NotEqual if against_least.is_lt() => Some(true),
        Comparison::LessOrEqual | Comparison::Equal if against_least.is_lt() => Some(false),
        _ => None,
    }
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

/// Returns whether it is NULL whatever the events are, and shows it.
pub(super) fn is_always_null(expr: &Expr) -> bool {
    is_constant(expr) && eval::evaluate(expr, &Nowhere { now: Timestamp::default() }) == Value::Null
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
