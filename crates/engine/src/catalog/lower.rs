//! From a rule's plan to a formula over conditions.

use rules::{AggregateSpec, Expr, ExprKind, Plan, SqlType, Value};

use super::aggregate::Slot;
use super::condition::GeneralCondition;
use super::draft::{Draft, slots_of};
use super::formula::Formula;
use super::recognise::Recogniser;

/// A plan that is being lowered into a draft.
pub(super) struct Lowering<'a, S> {
    pub(super) plan: &'a Plan,
    pub(super) draft: &'a mut Draft,
    /// Makes an aggregate one that is folded by itself.
    pub(super) share: S,
}

impl<S: FnMut(&AggregateSpec) -> Slot> Lowering<'_, S> {
    /// Returns the formula that holds exactly when an expression is TRUE, or else FALSE.
    pub(super) fn formula(&mut self, expr: &Expr, truth: bool) -> Formula {
        match &expr.kind {
            ExprKind::Literal(Value::Boolean(value)) => Formula::constant(*value == truth),
            ExprKind::Literal(Value::Null) => Formula::NEVER,
            ExprKind::Not(inner) => self.formula(inner, !truth),
            ExprKind::IsTrue(inner) if truth => self.formula(inner, true),
            ExprKind::IsTrue(inner) => self.formula(inner, true).negated(),
            ExprKind::And(parts) => self.junction(parts, truth, truth),
            ExprKind::Or(parts) => self.junction(parts, truth, !truth),
            _ => self.recognised(expr, truth).unwrap_or_else(|| self.general(expr, truth)),
        }
    }

    fn junction(&mut self, parts: &[Expr], truth: bool, all: bool) -> Formula {
        let parts = parts.iter().map(|part| self.formula(part, truth)).collect();
        if all { Formula::All(parts) } else { Formula::Any(parts) }
    }

    fn recognised(&mut self, expr: &Expr, truth: bool) -> Option<Formula> {
        let recogniser = Recogniser { aggregates: &self.plan.aggregates };
        match &expr.kind {
            // Between values that are not NULL a comparison is FALSE exactly when its contrary is TRUE.
            ExprKind::Compare { op, left, right } => {
                recogniser.comparison(self.draft, if truth { *op } else { op.negated() }, left, right)
            }
            ExprKind::Slot(_) => {
                let exists = recogniser.exists(self.draft, expr)?;
                Some(if truth { exists } else { exists.negated() })
            }
            _ => None,
        }
    }

    fn general(&mut self, expr: &Expr, truth: bool) -> Formula {
        let mut slots = vec![None; self.plan.aggregates.len()];
        for slot in slots_of(expr) {
            slots[slot] = Some((self.share)(&self.plan.aggregates[slot]));
        }
        let names_now = names_now(expr);
        let now_comparisons = if names_now { self.plan.now_comparisons.clone() } else { Vec::new() };
        let expr = if truth { expr.clone() } else { not(expr) };
        Formula::Is(self.draft.general(GeneralCondition { expr, slots, now_comparisons }))
    }
}

fn not(expr: &Expr) -> Expr {
    Expr { kind: ExprKind::Not(Box::new(expr.clone())), sql_type: SqlType::Boolean, span: expr.span }
}

fn names_now(expr: &Expr) -> bool {
    expr.kind == ExprKind::Now || rules::plan::children(expr).into_iter().any(names_now)
}
