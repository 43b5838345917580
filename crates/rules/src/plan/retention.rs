//! Which events an interpreted aggregate can still need.
//!
//! It goes over the user's events once for itself and once for every aggregate inside of it. An event
//! that can pass none of their filters is never looked at. What a filter demands of its row alone is
//! read off it here, always a little too widely: less would be wrong, more costs memory.

use super::spec::WindowSpec;
use super::time::windows;
use super::walk::Uses;
use crate::{Aggregate, AggregateFunction, Expr, ExprKind};

/// What an event must be to be needed at all; nothing is any event.
#[derive(Clone, PartialEq, Default)]
pub(super) struct Retention {
    /// Over the row alone, without `now()`.
    pub(super) filter: Option<Expr>,
    /// Its lower edge: before it an event is never needed again. It has no upper edge.
    pub(super) window: WindowSpec,
}

/// Returns what an event must be so that the aggregate, or one inside of it, can look at it.
pub(super) fn of(aggregate: &Aggregate) -> Retention {
    let own = aggregate.filter.as_ref().map(implied).unwrap_or_default();
    let mut needed = match &aggregate.function {
        // What makes no step is no part of the way.
        AggregateFunction::Funnel { steps, .. } => {
            own.and(steps.iter().map(implied).reduce(Retention::or).unwrap_or_default())
        }
        _ => own,
    };
    for part in aggregate.children() {
        inside(part, &mut |inner| needed = std::mem::take(&mut needed).or(of(inner)));
    }
    needed
}

/// Calls `visit` for the aggregates directly inside of an expression.
fn inside<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Aggregate)) {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => visit(aggregate),
        _ => super::children(expr).into_iter().for_each(|child| inside(child, visit)),
    }
}

/// Returns what follows for the row from a filter being TRUE.
fn implied(filter: &Expr) -> Retention {
    let uses = Uses::of(filter);
    match &filter.kind {
        ExprKind::And(parts) => parts.iter().map(implied).fold(Retention::default(), Retention::and),
        ExprKind::Or(parts) => parts.iter().map(implied).reduce(Retention::or).unwrap_or_default(),
        ExprKind::IsTrue(inner) => implied(inner),
        _ if uses.user || uses.outer => Retention::default(),
        ExprKind::Not(inner) if uses.now => lower_edge(inner, false),
        _ if uses.now => lower_edge(filter, true),
        _ if uses.row => Retention { filter: Some(filter.clone()), ..Retention::default() },
        _ => Retention::default(),
    }
}

/// Returns the lower edge that a comparison of `created_at` with `now()` sets, if it is one.
fn lower_edge(comparison: &Expr, wanted: bool) -> Retention {
    let window = match windows(comparison, wanted).as_deref() {
        Some([window]) => WindowSpec { from: window.from, from_unit: window.from_unit, ..WindowSpec::default() },
        _ => WindowSpec::default(),
    };
    Retention { filter: None, window }
}

impl Retention {
    fn and(self, other: Self) -> Self {
        // Of two edges that have no common form either is one.
        let window = self.window.intersected(other.window).unwrap_or(self.window);
        Self { filter: joined(self.filter, other.filter, Expr::and), window }
    }

    fn or(self, other: Self) -> Self {
        let filter = match (self.filter, other.filter) {
            (Some(left), Some(right)) if left == right => Some(left),
            (Some(left), Some(right)) => joined(Some(left), Some(right), Expr::or),
            _ => None,
        };
        Self { filter, window: self.window.hull(other.window) }
    }
}

fn joined(left: Option<Expr>, right: Option<Expr>, join: fn(Vec<Expr>, crate::Span) -> Expr) -> Option<Expr> {
    match (left, right) {
        (Some(left), Some(right)) => {
            let span = left.span;
            Some(join(vec![left, right], span))
        }
        (left, right) => left.or(right),
    }
}
