//! What no fold expresses: an aggregate that is computed anew over the user's retained events.
//!
//! Its filter may compare a row with the rows around it, with other aggregates, and any of its
//! times with `now()`. It is exact for two reasons. Every event that can still pass any of its
//! filters is retained ([`super::retention`]). And its value depends on `now()` through comparisons
//! of a time with `now()` plus an interval alone, each of which is named in the plan: until the first
//! of those that were looked at flips, computing it again would go the same way.

use std::collections::BTreeSet;

use super::retention;
use super::slots::{at_midnight, slot};
use super::spec::{AggregateSpec, Demand, Interpretation, NowComparison};
use super::time::{against_now, is_against_now};
use super::unsupported;
use super::walk::{map_aggregate, map_children};
use crate::{Aggregate, Column, Diagnostic, Expr, ExprKind};

/// Returns the aggregate as one that is interpreted; errors say what cannot be exact.
pub(super) fn interpreted(aggregate: &Aggregate) -> Result<AggregateSpec, Vec<Diagnostic>> {
    let mut rewriting = Rewriting::default();
    let rewritten = rewriting.aggregate(aggregate);
    let Rewriting { now_comparisons, columns, diagnostics } = rewriting;
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let retention = retention::of(aggregate);
    let columns = columns.into_iter().collect();
    Ok(AggregateSpec {
        function: aggregate.function.clone(),
        filter: retention.filter,
        window: retention.window,
        demand: Demand::Exact,
        interpretation: Some(Box::new(Interpretation { aggregate: rewritten, now_comparisons, columns })),
    })
}

/// An interpretation in the making.
#[derive(Default)]
struct Rewriting {
    now_comparisons: Vec<NowComparison>,
    columns: BTreeSet<Column>,
    diagnostics: Vec<Diagnostic>,
}

impl Rewriting {
    fn aggregate(&mut self, aggregate: &Aggregate) -> Aggregate {
        self.diagnostics.extend(unsupported::total(&aggregate.function));
        map_aggregate(aggregate, &mut |part| self.expr(part))
    }

    fn expr(&mut self, expr: &Expr) -> Expr {
        match &expr.kind {
            ExprKind::Column(column) | ExprKind::Outer { column, .. } => {
                self.columns.insert(*column);
                expr.clone()
            }
            ExprKind::Aggregate(aggregate) => {
                let kind = ExprKind::Aggregate(Box::new(self.aggregate(aggregate)));
                Expr { kind, sql_type: expr.sql_type, span: expr.span }
            }
            ExprKind::Compare { .. } if is_against_now(expr) => self.now_comparison(expr),
            ExprKind::Now => self.refuse(expr, unsupported::now_outside_of_comparison(expr)),
            _ => map_children(expr, &mut |child| self.expr(child)),
        }
    }

    /// Puts the index of the comparison in its place.
    fn now_comparison(&mut self, expr: &Expr) -> Expr {
        let against = match against_now(expr) {
            Ok(against) => against,
            Err(diagnostic) => return self.refuse(expr, diagnostic),
        };
        // `now()` against `now()` never flips.
        let Some(time) = against.time else { return expr.clone() };
        let time = at_midnight(self.expr(time));
        self.now_comparisons.push(NowComparison { time, op: against.op, offset: against.offset, unit: against.unit });
        slot(self.now_comparisons.len() - 1, expr)
    }

    fn refuse(&mut self, expr: &Expr, diagnostic: Diagnostic) -> Expr {
        self.diagnostics.push(diagnostic);
        expr.clone()
    }
}
