//! From a rule to its plan.

use super::formula::Asked;
use super::key::canonical_conjunction;
use super::slots::Slots;
use super::spec::{NowComparison, Plan, WindowSpec};
use super::term::{Term, terms};
use crate::calendar::CalendarUnit;
use crate::rule::{ArithmeticOp, CastType, Comparison, ScalarFunction};
use crate::{Aggregate, AggregateFunction, Column, Diagnostic, Expr, ExprKind, Rule, SqlType, Value};

/// Lowers a rule; errors say what cannot be evaluated exactly, and where it stands.
pub fn plan(rule: &Rule) -> Result<Plan, Vec<Diagnostic>> {
    let mut lowering = Lowering::default();
    let membership = lowering.some_row(Some(&rule.expr), &rule.expr);
    if lowering.diagnostics.is_empty() {
        let Lowering { slots, now_comparisons, .. } = lowering;
        Ok(Plan { aggregates: slots.specs, membership, now_comparisons })
    } else {
        Err(in_order_of_text(lowering.diagnostics))
    }
}

fn in_order_of_text(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.code));
    diagnostics.dedup();
    diagnostics
}

/// A plan in the making.
#[derive(Clone, Default)]
pub(super) struct Lowering {
    pub(super) slots: Slots,
    pub(super) now_comparisons: Vec<NowComparison>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Lowering {
    /// Returns the expression that is TRUE exactly when some row of the user makes `filter` TRUE.
    pub(super) fn some_row(&mut self, filter: Option<&Expr>, like: &Expr) -> Expr {
        let alternatives = self.alternatives(filter);
        let held = alternatives.into_iter().map(|term| self.some_row_of_term(term, like)).collect();
        junction(held, like, ExprKind::Or, false)
    }

    fn some_row_of_term(&mut self, term: Term, like: &Expr) -> Expr {
        // Also without a condition on the row there must be a row.
        let exists = match term.mixed.first() {
            None => self.exists_slot(canonical_conjunction(term.row), term.window, like),
            Some(first) => {
                let span = first.span;
                let conditions = [term.row, edges(term.window, like), term.mixed].concat();
                let filter = canonical_conjunction(conditions).map(|filter| Expr { span, ..filter });
                self.interpreted_slot(&Aggregate { function: AggregateFunction::Exists, filter }, like)
            }
        };
        let parts = std::iter::once(exists).chain(term.user).collect();
        junction(parts, like, ExprKind::And, true)
    }

    fn alternatives(&mut self, filter: Option<&Expr>) -> Vec<Term> {
        let Some(filter) = filter else { return vec![Term::default()] };
        let before = self.clone();
        let formula = self.formula(filter, Asked::IS_TRUE);
        terms(formula).unwrap_or_else(|_| {
            // As a whole then; what was lowered of its parts is needed no more.
            *self = before;
            vec![Term { mixed: vec![filter.clone()], ..Term::default() }]
        })
    }

    /// Returns an aggregate's filter as a condition on the row alone and one window; `None` when that
    /// is not all it says.
    pub(super) fn single_window(filter: Option<&Expr>, like: &Expr) -> Option<(Option<Expr>, WindowSpec)> {
        // What is lowered on the way belongs to no plan yet.
        let mut attempt = Self::default();
        let alternatives = attempt.alternatives(filter);
        let window = alternatives.first().map(|term| term.window).unwrap_or_default();
        let fits = |term: &Term| term.window == window && term.user.is_empty() && term.mixed.is_empty();
        let folds = attempt.diagnostics.is_empty() && alternatives.iter().all(fits);
        folds.then(|| (either(alternatives, filter.unwrap_or(like)), window))
    }
}

/// Returns the edges of a window as conditions.
fn edges(window: WindowSpec, like: &Expr) -> Vec<Expr> {
    let expr = |kind, sql_type| Expr { kind, sql_type, span: like.span };
    let edge = |op, micros, unit: Option<CalendarUnit>| {
        let interval = expr(ExprKind::Literal(Value::Interval(micros)), SqlType::Interval);
        let now = expr(ExprKind::Now, SqlType::Timestamp);
        let now = unit.map_or_else(|| now.clone(), |unit| cut_down(now.clone(), unit));
        let shift = ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(now), right: Box::new(interval) };
        let column = expr(ExprKind::Column(Column::CreatedAt), SqlType::Timestamp);
        let right = Box::new(expr(shift, SqlType::Timestamp));
        boolean(ExprKind::Compare { op, left: Box::new(column), right }, like)
    };
    let from = window.from.map(|from| edge(Comparison::GreaterOrEqual, from, window.from_unit));
    from.into_iter().chain(window.until.map(|until| edge(Comparison::LessOrEqual, until, window.until_unit))).collect()
}

fn cut_down(now: Expr, unit: CalendarUnit) -> Expr {
    let span = now.span;
    let kind = ExprKind::Function { function: ScalarFunction::DateTrunc(unit), arguments: vec![now] };
    let made = Expr { kind, sql_type: if unit.is_date() { SqlType::Date } else { SqlType::Timestamp }, span };
    match made.sql_type {
        SqlType::Timestamp => made,
        _ => Expr {
            kind: ExprKind::Cast { value: Box::new(made), to: CastType::Timestamp },
            sql_type: SqlType::Timestamp,
            span,
        },
    }
}

/// Returns the condition that some alternative's row part is TRUE; `None` is any row.
fn either(alternatives: Vec<Term>, like: &Expr) -> Option<Expr> {
    let rows: Option<Vec<Expr>> = alternatives.into_iter().map(|term| canonical_conjunction(term.row)).collect();
    Some(junction(rows?, like, ExprKind::Or, false))
}

fn junction(mut parts: Vec<Expr>, like: &Expr, kind: fn(Vec<Expr>) -> ExprKind, empty: bool) -> Expr {
    match parts.len() {
        0 => boolean(ExprKind::Literal(Value::Boolean(empty)), like),
        1 => parts.remove(0),
        _ => boolean(kind(parts), like),
    }
}

fn boolean(kind: ExprKind, like: &Expr) -> Expr {
    Expr { kind, sql_type: SqlType::Boolean, span: like.span }
}
