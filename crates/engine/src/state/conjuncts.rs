//! What must all be true of an outermost row, and what one more row for an aggregate in it can do.

use rules::plan::{DependsOn, asked_at};
use rules::rule::{ArithmeticOp, Comparison};
use rules::{Aggregate, AggregateFunction, Expr, ExprKind, Value};

use super::lookups::Way;
use super::paths::Names;

/// What must all be true of an outermost row, by what it costs.
pub(super) struct Conjuncts<'a> {
    /// Without aggregates.
    pub(super) cheap: Vec<&'a Expr>,
    /// That something of another row exists.
    pub(super) within: Vec<&'a Aggregate>,
    /// Everything else.
    pub(super) costly: Vec<&'a Expr>,
}

/// What one more row for an aggregate can do to the row that it stands at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Only make it pass.
    Rises,
    /// Only make it pass no more.
    Falls,
    /// Either.
    Any,
}

impl<'a> Conjuncts<'a> {
    pub(super) fn of(aggregate: &'a Aggregate) -> Self {
        let mut conjuncts = Self { cheap: Vec::new(), within: Vec::new(), costly: Vec::new() };
        let mut open: Vec<&Expr> = aggregate.filter.iter().collect();
        while let Some(expr) = open.pop() {
            match &expr.kind {
                ExprKind::And(parts) => open.extend(parts.iter().rev()),
                // A part that is TRUE is as good as one that IS TRUE.
                ExprKind::IsTrue(inner) => open.push(inner),
                ExprKind::Aggregate(aggregate) => conjuncts.within.push(&**aggregate),
                _ if expr.holds_aggregate() => conjuncts.costly.push(expr),
                _ => conjuncts.cheap.push(expr),
            }
        }
        conjuncts.within.sort_by_key(|within| within.children().map(asked_at).max());
        conjuncts.costly.sort_by_key(|part| asked_at(part));
        conjuncts
    }

    /// Returns what one more row for an aggregate that stands directly in them can do.
    pub(super) fn effect(&self, aggregate: &Aggregate) -> Effect {
        if self.within.iter().any(|within| std::ptr::eq(*within, aggregate)) {
            return if aggregate.function == AggregateFunction::Exists { Effect::Rises } else { Effect::Any };
        }
        let effects = self.costly.iter().filter_map(|part| effect_on(part, aggregate));
        effects.reduce(|left, right| if left == right { left } else { Effect::Any }).unwrap_or(Effect::Any)
    }

    /// Returns whether rows that are alike in what a way asks of the row around pass alike, as far as
    /// aggregates decide.
    pub(super) fn are_alike(&self, way: &Way<'_>, ways: &[Way<'_>]) -> bool {
        let same = |part: &Expr| way.path.equal.iter().any(|equal| equal.around == part);
        let all_same = |way: &Way<'_>| match &way.path.depends_on {
            Some(DependsOn::Values(parts)) => parts.iter().all(same),
            _ => false,
        };
        !self.costly.iter().any(|part| Names::of(part).own || holds_slot(part))
            && ways.iter().filter(|way| way.is_direct).all(all_same)
    }
}

/// Whether a comparison with `now()` stands beside the aggregates.
fn holds_slot(part: &Expr) -> bool {
    matches!(part.kind, ExprKind::Slot(_)) || rules::plan::children(part).into_iter().any(holds_slot)
}

/// Returns what one more row for an aggregate does to a condition, if it stands in it.
fn effect_on(part: &Expr, aggregate: &Aggregate) -> Option<Effect> {
    let is_it =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Aggregate(found) if std::ptr::eq(&raw const **found, aggregate));
    match &part.kind {
        ExprKind::Not(inner) if is_it(inner) && aggregate.function == AggregateFunction::Exists => Some(Effect::Falls),
        ExprKind::Compare { op, left, right } => match (counted(left, &is_it), counted(right, &is_it)) {
            (Some(least), None) if grows(aggregate) => Some(compared(*op, least, right)),
            (None, Some(least)) if grows(aggregate) => Some(compared(op.mirrored(), least, left)),
            (None, None) => stands_in(part, &is_it).then_some(Effect::Any),
            _ => Some(Effect::Any),
        },
        _ => stands_in(part, &is_it).then_some(Effect::Any),
    }
}

fn stands_in(part: &Expr, is_it: &impl Fn(&Expr) -> bool) -> bool {
    is_it(part) || rules::plan::children(part).into_iter().any(|child| stands_in(child, is_it))
}

const fn grows(aggregate: &Aggregate) -> bool {
    matches!(
        aggregate.function,
        AggregateFunction::CountAll | AggregateFunction::Count(_) | AggregateFunction::CountDistinct(_)
    )
}

/// Returns the least value of a count, or of a count and a constant.
fn counted(side: &Expr, is_it: &impl Fn(&Expr) -> bool) -> Option<i64> {
    match &side.kind {
        ExprKind::Aggregate(_) if is_it(side) => Some(0),
        ExprKind::Arithmetic { op: ArithmeticOp::Add, left, right } if is_it(left) => match right.kind {
            ExprKind::Literal(Value::Integer(added)) => Some(added),
            _ => None,
        },
        _ => None,
    }
}

/// What growing does to a comparison with a constant.
fn compared(op: Comparison, least: i64, constant: &Expr) -> Effect {
    let ExprKind::Literal(constant) = &constant.kind else { return Effect::Any };
    match op {
        Comparison::Greater | Comparison::GreaterOrEqual => Effect::Rises,
        Comparison::Less | Comparison::LessOrEqual => Effect::Falls,
        Comparison::Equal if *constant == Value::Integer(least) => Effect::Falls,
        Comparison::Equal | Comparison::NotEqual => Effect::Any,
    }
}

/// Returns whether more rows can only make it true: EXISTS over at most one EXISTS that is so, by AND alone.
pub(super) fn only_grows(aggregate: &Aggregate) -> bool {
    let Conjuncts { within, costly, .. } = Conjuncts::of(aggregate);
    aggregate.function == AggregateFunction::Exists
        && within.len() <= 1
        && within.into_iter().all(only_grows)
        && costly.is_empty()
}
