//! Walking over expressions without knowing their kinds.

use crate::{Aggregate, AggregateFunction, Expr, ExprKind};

/// Returns the direct parts of an expression, in order. An aggregate is closed: its argument and
/// filter are about other rows.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Outer { .. }
        | ExprKind::Now
        | ExprKind::Aggregate(_)
        | ExprKind::OfUser(_)
        | ExprKind::InSegment(_)
        | ExprKind::Slot(_) => Vec::new(),
        ExprKind::Not(inner) | ExprKind::IsNull(inner) | ExprKind::IsTrue(inner) | ExprKind::Negate(inner) => {
            vec![inner]
        }
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().collect(),
        ExprKind::Compare { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. }
        | ExprKind::IsNotDistinct(left, right) => vec![left, right],
        ExprKind::InList { value, list } => std::iter::once(&**value).chain(list).collect(),
        ExprKind::Like { value, .. } | ExprKind::Cast { value, .. } | ExprKind::Path { value, .. } => vec![value],
        ExprKind::Case { branches, otherwise } => {
            let branches = branches.iter().flat_map(|(condition, result)| [condition, result]);
            branches.chain(otherwise.as_deref()).collect()
        }
        ExprKind::Function { arguments, .. } => arguments.iter().collect(),
    }
}

/// Returns what is aggregated, if the function has an argument.
pub const fn argument_of(function: &AggregateFunction) -> Option<&Expr> {
    match function {
        AggregateFunction::Exists | AggregateFunction::CountAll | AggregateFunction::Funnel { .. } => None,
        AggregateFunction::Count(argument)
        | AggregateFunction::CountDistinct(argument)
        | AggregateFunction::Sum(argument)
        | AggregateFunction::Avg(argument)
        | AggregateFunction::Min(argument)
        | AggregateFunction::Max(argument)
        | AggregateFunction::Last(argument)
        | AggregateFunction::First(argument) => Some(argument),
    }
}

/// Rebuilds an aggregate with its argument and filter replaced.
pub(crate) fn map_aggregate(aggregate: &Aggregate, map: &mut impl FnMut(&Expr) -> Expr) -> Aggregate {
    let function = match &aggregate.function {
        function @ (AggregateFunction::Exists | AggregateFunction::CountAll) => function.clone(),
        AggregateFunction::Count(argument) => AggregateFunction::Count(map(argument)),
        AggregateFunction::CountDistinct(argument) => AggregateFunction::CountDistinct(map(argument)),
        AggregateFunction::Sum(argument) => AggregateFunction::Sum(map(argument)),
        AggregateFunction::Avg(argument) => AggregateFunction::Avg(map(argument)),
        AggregateFunction::Min(argument) => AggregateFunction::Min(map(argument)),
        AggregateFunction::Max(argument) => AggregateFunction::Max(map(argument)),
        AggregateFunction::Last(argument) => AggregateFunction::Last(map(argument)),
        AggregateFunction::First(argument) => AggregateFunction::First(map(argument)),
        AggregateFunction::Funnel { window, steps } => {
            AggregateFunction::Funnel { window: *window, steps: steps.iter().map(&mut *map).collect() }
        }
    };
    Aggregate { function, filter: aggregate.filter.as_ref().map(map) }
}

/// Rebuilds an expression with each direct part replaced.
pub(crate) fn map_children(expr: &Expr, map: &mut impl FnMut(&Expr) -> Expr) -> Expr {
    let kind = match &expr.kind {
        kind @ (ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Outer { .. }
        | ExprKind::Now
        | ExprKind::Aggregate(_)
        | ExprKind::OfUser(_)
        | ExprKind::InSegment(_)
        | ExprKind::Slot(_)) => kind.clone(),
        ExprKind::Not(inner) => ExprKind::Not(boxed(inner, map)),
        ExprKind::IsNull(inner) => ExprKind::IsNull(boxed(inner, map)),
        ExprKind::IsTrue(inner) => ExprKind::IsTrue(boxed(inner, map)),
        ExprKind::Negate(inner) => ExprKind::Negate(boxed(inner, map)),
        ExprKind::And(parts) => ExprKind::And(parts.iter().map(map).collect()),
        ExprKind::Or(parts) => ExprKind::Or(parts.iter().map(map).collect()),
        ExprKind::Compare { op, left, right } => {
            ExprKind::Compare { op: *op, left: boxed(left, map), right: boxed(right, map) }
        }
        ExprKind::Arithmetic { op, left, right } => {
            ExprKind::Arithmetic { op: *op, left: boxed(left, map), right: boxed(right, map) }
        }
        ExprKind::IsNotDistinct(left, right) => ExprKind::IsNotDistinct(boxed(left, map), boxed(right, map)),
        ExprKind::InList { value, list } => {
            ExprKind::InList { value: boxed(value, map), list: list.iter().map(map).collect() }
        }
        ExprKind::Like { value, pattern } => ExprKind::Like { value: boxed(value, map), pattern: pattern.clone() },
        ExprKind::Cast { value, to } => ExprKind::Cast { value: boxed(value, map), to: *to },
        ExprKind::Path { value, steps } => ExprKind::Path { value: boxed(value, map), steps: steps.clone() },
        ExprKind::Case { branches, otherwise } => ExprKind::Case {
            branches: branches.iter().map(|(condition, result)| (map(condition), map(result))).collect(),
            otherwise: otherwise.as_ref().map(|otherwise| boxed(otherwise, map)),
        },
        ExprKind::Function { function, arguments } => {
            ExprKind::Function { function: *function, arguments: arguments.iter().map(map).collect() }
        }
    };
    Expr { kind, sql_type: expr.sql_type, span: expr.span }
}

fn boxed(expr: &Expr, map: &mut impl FnMut(&Expr) -> Expr) -> Box<Expr> {
    Box::new(map(expr))
}

/// What an expression depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Uses {
    /// A column of the row.
    pub(super) row: bool,
    /// A column of the row around the aggregate that it stands in.
    pub(super) outer: bool,
    /// An aggregate over the user's events.
    pub(super) user: bool,
    /// The instant of the evaluation.
    pub(super) now: bool,
}

impl Uses {
    /// Returns what an expression depends on, outside of its aggregates (which can look at its row).
    pub(super) fn of(expr: &Expr) -> Self {
        let own = Self {
            row: match &expr.kind {
                ExprKind::Column(_) => true,
                ExprKind::Aggregate(aggregate) => aggregate.is_correlated(),
                _ => false,
            },
            outer: expr.reach() > 0,
            user: matches!(
                expr.kind,
                ExprKind::Aggregate(_) | ExprKind::Slot(_) | ExprKind::OfUser(_) | ExprKind::InSegment(_)
            ),
            now: matches!(expr.kind, ExprKind::Now),
        };
        children(expr).into_iter().map(Self::of).fold(own, Self::joined)
    }

    const fn joined(self, other: Self) -> Self {
        Self {
            row: self.row || other.row,
            outer: self.outer || other.outer,
            user: self.user || other.user,
            now: self.now || other.now,
        }
    }

    /// Returns whether it depends on nothing: a constant.
    pub(super) const fn nothing(self) -> bool {
        !self.row && !self.outer && !self.user && !self.now
    }
}
