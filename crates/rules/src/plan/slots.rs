//! The aggregates of a plan, each once, and expressions over them.

use super::demand::{demand, is_count};
use super::interpret::interpreted;
use super::lower::Lowering;
use super::spec::{AggregateKey, AggregateSpec, Demand, NowComparison, WindowSpec};
use super::time::{against_now, is_against_now};
use super::unsupported;
use super::walk::{Uses, argument_of, map_children};
use crate::compile::constant_value;
use crate::limits::MAX_COUNT_THRESHOLD;
use crate::rule::{ArithmeticOp, CastType, Comparison};
use crate::{Aggregate, AggregateFunction, Expr, ExprKind, SqlType, Value};

/// Digits behind the point of a threshold of which a count is multiplied or divided: with more, a quotient that is
/// rounded could reach it too early.
const MAX_THRESHOLD_SCALE: u8 = 9;

/// The aggregates collected so far.
#[derive(Clone, Default)]
pub(super) struct Slots {
    keys: Vec<AggregateKey>,
    pub(super) specs: Vec<AggregateSpec>,
}

impl Slots {
    /// Returns the index of the aggregate, which now meets the demand as well.
    pub(super) fn index_of(&mut self, spec: AggregateSpec) -> usize {
        let key = spec.key();
        match self.keys.iter().position(|known| *known == key) {
            Some(index) => {
                let known = &mut self.specs[index];
                known.demand = known.demand.max(spec.demand);
                index
            }
            None => {
                self.keys.push(key);
                self.specs.push(spec);
                self.keys.len() - 1
            }
        }
    }
}

/// Makes the expression that stands for an aggregate of the plan.
pub(super) fn slot(index: usize, like: &Expr) -> Expr {
    Expr { kind: ExprKind::Slot(index), sql_type: like.sql_type, span: like.span }
}

impl Lowering {
    /// Returns the expression with slots in place of aggregates. It names no column of the row.
    pub(super) fn over_slots(&mut self, expr: &Expr) -> Expr {
        match &expr.kind {
            ExprKind::Aggregate(aggregate) => self.aggregate_slot(expr, aggregate, Demand::Exact),
            ExprKind::Compare { op, left, right } if is_against_now(expr) => {
                self.now_comparison(expr, *op, left, right)
            }
            ExprKind::Compare { op, left, right } => {
                let left_slot = self.operand(left, *op, right);
                let right_slot = self.operand(right, op.mirrored(), left);
                compare(expr, *op, left_slot, right_slot)
            }
            ExprKind::Now => {
                self.diagnostics.push(unsupported::now_outside_of_comparison(expr));
                expr.clone()
            }
            _ => map_children(expr, &mut |child| self.over_slots(child)),
        }
    }

    /// Returns what is never NULL, as EXISTS is not: FALSE where the expression is NULL.
    fn certain(&self, held: Expr) -> Expr {
        if self.is_certain(&held) {
            return held;
        }
        let span = held.span;
        Expr { kind: ExprKind::IsTrue(Box::new(held)), sql_type: SqlType::Boolean, span }
    }

    /// Returns whether it is TRUE or FALSE whatever the aggregates are.
    fn is_certain(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().all(|part| self.is_certain(part)),
            ExprKind::Not(inner) => self.is_certain(inner),
            ExprKind::Slot(index) => self.slots.specs[*index].function == AggregateFunction::Exists,
            ExprKind::IsTrue(_) | ExprKind::IsNull(_) | ExprKind::IsNotDistinct(..) => true,
            ExprKind::Literal(Value::Boolean(_)) => true,
            _ => false,
        }
    }

    /// A count that is compared with a constant need not be known beyond it, nor one that a constant is added to, or
    /// that is multiplied or divided by one.
    fn operand(&mut self, expr: &Expr, op: Comparison, other: &Expr) -> Expr {
        let Some(threshold) = constant_value(other) else { return self.over_slots(expr) };
        match &expr.kind {
            ExprKind::Aggregate(aggregate) if is_count(&aggregate.function) => {
                self.count_slot(expr, aggregate, op, (&threshold, other))
            }
            ExprKind::Arithmetic { op: arithmetic, left, right } => {
                let count_first = matches!(left.kind, ExprKind::Aggregate(_)) || *arithmetic != ArithmeticOp::Multiply;
                let (counted, constant) = if count_first { (left, right) } else { (right, left) };
                let ExprKind::Aggregate(aggregate) = &counted.kind else { return self.over_slots(expr) };
                let threshold = moved_back(*arithmetic, constant, &threshold).filter(|_| is_count(&aggregate.function));
                let Some(threshold) = threshold else { return self.over_slots(expr) };
                let count = Box::new(self.count_slot(counted, aggregate, op, (&threshold, expr)));
                let (left, right) = if count_first { (count, right.clone()) } else { (left.clone(), count) };
                Expr { kind: ExprKind::Arithmetic { op: *arithmetic, left, right }, ..*expr }
            }
            _ => self.over_slots(expr),
        }
    }

    /// `from` is what the threshold is made of.
    fn count_slot(
        &mut self,
        expr: &Expr,
        aggregate: &Aggregate,
        op: Comparison,
        (threshold, from): (&Value, &Expr),
    ) -> Expr {
        match demand(op, threshold, MAX_COUNT_THRESHOLD) {
            Some(demand) => self.aggregate_slot(expr, aggregate, demand),
            None => {
                self.diagnostics.push(unsupported::threshold_too_high(from));
                expr.clone()
            }
        }
    }

    fn now_comparison(&mut self, expr: &Expr, op: Comparison, left: &Expr, right: &Expr) -> Expr {
        match against_now(expr) {
            Ok(against) => {
                if let Some(time) = against.time {
                    let time = at_midnight(self.over_slots(time));
                    let (op, offset, unit) = (against.op, against.offset, against.unit);
                    self.now_comparisons.push(NowComparison { time, op, offset, unit });
                }
            }
            Err(diagnostic) => self.diagnostics.push(diagnostic),
        }
        // Here, under a comparison that was looked at, `now()` is fine.
        let (left, right) = (self.side_of_now(left), self.side_of_now(right));
        compare(expr, op, left, right)
    }

    fn side_of_now(&mut self, expr: &Expr) -> Expr {
        let uses = Uses::of(expr);
        match &expr.kind {
            // `now()` itself, perhaps cut down.
            _ if uses.now && !uses.user => expr.clone(),
            ExprKind::Arithmetic { .. } => map_children(expr, &mut |child| self.side_of_now(child)),
            _ => self.over_slots(expr),
        }
    }

    fn aggregate_slot(&mut self, expr: &Expr, aggregate: &Aggregate, demand: Demand) -> Expr {
        let filter = aggregate.filter.as_ref();
        if aggregate.function == AggregateFunction::Exists {
            let held = self.some_row(filter, expr);
            return self.certain(held);
        }
        if let Some(apart) = without_user(expr, aggregate) {
            return self.over_slots(&apart);
        }
        let argument = argument_of(&aggregate.function);
        let folds = !matches!(aggregate.function, AggregateFunction::Funnel { .. })
            && argument.is_none_or(|argument| !Uses::of(argument).now && !argument.reads_user())
            && aggregate.is_plain();
        let Some((filter, window)) = folds.then(|| Self::single_window(filter, expr)).flatten() else {
            return self.interpreted_slot(aggregate, expr);
        };
        self.diagnostics.extend(unsupported::total(&aggregate.function));
        let function = aggregate.function.clone();
        let spec = AggregateSpec { function, filter, window, demand, interpretation: None };
        slot(self.slots.index_of(spec), expr)
    }

    /// Makes the expression for an aggregate that is computed over retained events.
    pub(super) fn interpreted_slot(&mut self, aggregate: &Aggregate, like: &Expr) -> Expr {
        match interpreted(aggregate) {
            Ok(spec) => slot(self.slots.index_of(spec), like),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                like.clone()
            }
        }
    }

    /// Makes the expression for "some row is like that": an `Exists` of the plan.
    pub(super) fn exists_slot(&mut self, filter: Option<Expr>, window: WindowSpec, like: &Expr) -> Expr {
        let function = AggregateFunction::Exists;
        let index = self.slots.index_of(AggregateSpec {
            function,
            filter,
            window,
            demand: Demand::Exact,
            interpretation: None,
        });
        Expr { kind: ExprKind::Slot(index), sql_type: SqlType::Boolean, span: like.span }
    }
}

/// Returns what a count is compared with itself, where it is compared with a threshold once a constant is added to it,
/// taken from it, or multiplies or divides it: the least whole number not below that. `None` where it could overflow.
fn moved_back(op: ArithmeticOp, constant: &Expr, threshold: &Value) -> Option<Value> {
    let Some(Value::Integer(moved)) = constant_value(constant) else { return None };
    if moved.unsigned_abs() > u64::from(u32::MAX) {
        return None;
    }
    match (op, threshold) {
        (ArithmeticOp::Add, Value::Integer(threshold)) => threshold.checked_sub(moved),
        (ArithmeticOp::Subtract, Value::Integer(threshold)) => threshold.checked_add(moved),
        (ArithmeticOp::Multiply, _) if moved > 0 => not_below(threshold, 1, moved),
        (ArithmeticOp::Divide, _) if moved > 0 => not_below(threshold, moved, 1),
        _ => None,
    }
    .map(Value::Integer)
}

/// Returns the least whole number not below `threshold * times / by`; of thresholds with so few digits that no quotient
/// is rounded past them.
fn not_below(threshold: &Value, times: i64, by: i64) -> Option<i64> {
    let (units, scale) = match threshold {
        Value::Integer(whole) => (i128::from(*whole), 0),
        Value::Decimal(decimal) if decimal.scale() <= MAX_THRESHOLD_SCALE => (decimal.units(), decimal.scale()),
        _ => return None,
    };
    let by = 10_i128.checked_pow(u32::from(scale))?.checked_mul(i128::from(by))?;
    let whole = units.checked_mul(i128::from(times))?;
    i64::try_from(whole.div_euclid(by) + i128::from(whole.rem_euclid(by) != 0)).ok()
}

/// Takes what is known of the user out of an aggregate's filter: for whom it does not hold, there is no row.
fn without_user(expr: &Expr, aggregate: &Aggregate) -> Option<Expr> {
    let filter = aggregate.filter.as_ref().filter(|filter| filter.reads_user())?;
    let parts = if let ExprKind::And(parts) = &filter.kind { parts.as_slice() } else { std::slice::from_ref(filter) };
    let of_user = |part: &&Expr| {
        let uses = Uses::of(part);
        part.reads_user() && !uses.row && !uses.outer
    };
    let (of_user, others): (Vec<&Expr>, Vec<&Expr>) = parts.iter().partition(of_user);
    if of_user.is_empty() {
        return None;
    }
    let joined = |parts: Vec<&Expr>| Expr::and(parts.into_iter().cloned().collect(), filter.span);
    let make = |kind| Expr { kind, sql_type: expr.sql_type, span: expr.span };
    let filter = (!others.is_empty()).then(|| joined(others));
    let rest = make(ExprKind::Aggregate(Box::new(Aggregate { function: aggregate.function.clone(), filter })));
    let nothing = make(ExprKind::Literal(aggregate.function.over_nothing()));
    Some(make(ExprKind::Case { branches: vec![(joined(of_user), rest)], otherwise: Some(Box::new(nothing)) }))
}

/// A day is compared as its first instant.
pub(super) fn at_midnight(time: Expr) -> Expr {
    if time.sql_type != SqlType::Date {
        return time;
    }
    let span = time.span;
    let kind = ExprKind::Cast { value: Box::new(time), to: CastType::Timestamp };
    Expr { kind, sql_type: SqlType::Timestamp, span }
}

fn compare(like: &Expr, op: Comparison, left: Expr, right: Expr) -> Expr {
    let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
    Expr { kind, sql_type: SqlType::Boolean, span: like.span }
}

impl AggregateFunction {
    /// Returns its value over no event at all.
    pub const fn over_nothing(&self) -> Value {
        match self {
            Self::Exists => Value::Boolean(false),
            Self::CountAll | Self::Count(_) | Self::CountDistinct(_) | Self::Funnel { .. } => Value::Integer(0),
            _ => Value::Null,
        }
    }
}
