//! `rollout(percent, 'salt')`: a stable share of the users.

use schema::Decimal;

use crate::compile::lower::Lowering;
use crate::compile::scope::{Place, Scope};
use crate::rule::ScalarFunction;
use crate::{Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

impl Lowering<'_> {
    pub(super) fn rollout(&mut self, arguments: Vec<Expr>, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let Ok([percent, salt]) = <[Expr; 2]>::try_from(arguments) else {
            return self.wrong_arguments("rollout", "a percentage and a salt", span);
        };
        let (at_percent, at_salt) = (percent.span, salt.span);
        let percent = if is_percentage(&percent) { Some(percent) } else { self.no_percentage(at_percent) };
        let salt = match salt.kind {
            ExprKind::Literal(Value::Text(_)) => Some(salt),
            _ => {
                let problem =
                    Diagnostic::error(Code::TypeMismatch, at_salt, "the salt of a rollout is a constant text");
                self.report(problem.with_hint("users of another salt are shuffled anew: `rollout(10, 'new-checkout')`"))
            }
        };
        if matches!(scope.place, Place::Selected { .. }) {
            return self.more_than_one_row(span);
        }
        let user = self.node(ExprKind::Column(Column::UserId), Column::UserId.sql_type(), span)?;
        let arguments = vec![percent?, salt?, user];
        self.node(ExprKind::Function { function: ScalarFunction::Rollout, arguments }, SqlType::Boolean, span)
    }

    fn no_percentage<T>(&mut self, span: Span) -> Option<T> {
        let message = "a percentage is a constant from 0 to 100 with at most two digits behind the point";
        self.report(Diagnostic::error(Code::InvalidLiteral, span, message))
    }
}

fn is_percentage(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(Value::Integer(whole)) => (0..=100).contains(whole),
        ExprKind::Literal(Value::Decimal(percent)) => {
            percent.scale() <= 2 && (Decimal::from(0)..=Decimal::from(100)).contains(percent)
        }
        _ => false,
    }
}
