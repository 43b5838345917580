//! "The clause is TRUE" as a two-valued formula without NOT.

use super::lower::Lowering;
use super::spec::WindowSpec;
use super::time::{constant, windows};
use super::walk::Uses;
use crate::{Expr, ExprKind, SqlType, Truth};

/// What is asked of an expression: that its value `is` TRUE (or FALSE), or that it is not.
///
/// Pushed through AND, OR and NOT it stays a question of this form, for all three truth values:
/// `a AND b` is FALSE when a is FALSE or b is; it is not TRUE when a is not TRUE or b is not.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// Which truth value is asked for: TRUE, or else FALSE.
    truth: bool,
    /// Whether the value must be it, or else must not be it.
    holds: bool,
}

impl Asked {
    pub(super) const IS_TRUE: Self = Self { truth: true, holds: true };

    const fn of_operand_of_not(self) -> Self {
        Self { truth: !self.truth, holds: self.holds }
    }

    /// Of the operand of `IS TRUE`, which is never NULL itself.
    const fn of_operand_of_is_true(self) -> Self {
        Self { truth: true, holds: self.truth == self.holds }
    }

    const fn is_answered_by(self, truth: Truth) -> bool {
        let is = if self.truth { matches!(truth, Truth::True) } else { matches!(truth, Truth::False) };
        is == self.holds
    }

    /// Returns an expression that is TRUE exactly when `expr` is as asked.
    fn expression(self, expr: Expr) -> Expr {
        match (self.truth, self.holds) {
            (true, true) => expr,
            (false, true) => negated(expr),
            (true, false) => negated(wrapped(expr, ExprKind::IsTrue)),
            (false, false) => negated(wrapped(negated(expr), ExprKind::IsTrue)),
        }
    }
}

fn negated(expr: Expr) -> Expr {
    wrapped(expr, ExprKind::Not)
}

fn wrapped(expr: Expr, kind: fn(Box<Expr>) -> ExprKind) -> Expr {
    let span = expr.span;
    Expr { kind: kind(Box::new(expr)), sql_type: SqlType::Boolean, span }
}

/// A two-valued formula over questions whether an expression is TRUE.
pub(super) enum Formula {
    /// Every part holds; of no parts: always.
    All(Vec<Formula>),
    /// Some part holds; of no parts: never.
    Any(Vec<Formula>),
    /// Depends on the row alone, not on `now()`.
    Row(Expr),
    /// The row's `created_at` lies in this window.
    Window(WindowSpec),
    /// Depends on the user and on `now()`; already lowered to slots.
    User(Expr),
    /// Depends on the row and does not come apart: on the user as well, or on `now()` in another way.
    Mixed(Expr),
}

impl Formula {
    const ALWAYS: Self = Self::All(Vec::new());
    const NEVER: Self = Self::Any(Vec::new());
}

impl Lowering {
    /// Returns the formula that holds exactly when `expr` is as asked.
    pub(super) fn formula(&mut self, expr: &Expr, asked: Asked) -> Formula {
        let uses = Uses::of(expr);
        if let Some(value) = constant(expr) {
            return if asked.is_answered_by(Truth::of(&value)) { Formula::ALWAYS } else { Formula::NEVER };
        }
        if !uses.row {
            return Formula::User(asked.expression(self.over_slots(expr)));
        }
        if !uses.user && !uses.now {
            return Formula::Row(asked.expression(expr.clone()));
        }
        match &expr.kind {
            ExprKind::Not(inner) => self.formula(inner, asked.of_operand_of_not()),
            ExprKind::IsTrue(inner) => self.formula(inner, asked.of_operand_of_is_true()),
            ExprKind::And(parts) => self.junction(parts, asked, asked.truth == asked.holds),
            ExprKind::Or(parts) => self.junction(parts, asked, asked.truth != asked.holds),
            _ if uses.user => Formula::Mixed(asked.expression(expr.clone())),
            _ => match windows(expr, asked.truth == asked.holds) {
                Some(windows) => Formula::Any(windows.into_iter().map(Formula::Window).collect()),
                None => Formula::Mixed(asked.expression(expr.clone())),
            },
        }
    }

    fn junction(&mut self, parts: &[Expr], asked: Asked, all: bool) -> Formula {
        let parts = parts.iter().map(|part| self.formula(part, asked)).collect();
        if all { Formula::All(parts) } else { Formula::Any(parts) }
    }
}
