//! Whose events a subquery is about: `e.user_id = events.user_id` ties its rows to those of the query around.

use sqlparser::ast::{self, BinaryOperator, Query, Select, SelectItem};

use crate::compile::lower::{Lowering, operands, unwrapped};
use crate::compile::scope::{Owner, Scope, named};
use crate::{Code, Column, Diagnostic, Expr};

/// A subquery's WHERE: what it demands besides belonging to the user.
pub(super) struct Conditions {
    pub(super) same_user: bool,
    pub(super) filter: Vec<Expr>,
}

impl Lowering<'_> {
    pub(super) fn conditions(&mut self, select: &Select, inner: &Scope<'_>) -> Option<Conditions> {
        let parts = select.selection.as_ref().map(|selection| operands(selection, &BinaryOperator::And));
        let (same, others): (Vec<_>, Vec<_>) =
            parts.unwrap_or_default().into_iter().partition(|part| self.is_same_user(part, inner));
        let others: Vec<Option<Expr>> = others.into_iter().map(|part| self.condition(part, inner)).collect();
        Some(Conditions { same_user: !same.is_empty(), filter: others.into_iter().collect::<Option<_>>()? })
    }

    fn is_same_user(&self, part: &ast::Expr, inner: &Scope<'_>) -> bool {
        let ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = part else { return false };
        let pair = |one, other| {
            self.owns_user_id(one, inner) == Some(Owner::Here)
                && matches!(self.owns_user_id(other, inner), Some(Owner::Outer(_)))
        };
        pair(left, right) || pair(right, left)
    }

    pub(super) fn is_user_id(&self, parsed: &ast::Expr, scope: &Scope<'_>) -> bool {
        self.owns_user_id(parsed, scope) == Some(Owner::Here)
    }

    /// Returns whose `user_id` an expression is, if it is one.
    pub(super) fn owns_user_id(&self, parsed: &ast::Expr, scope: &Scope<'_>) -> Option<Owner> {
        let (qualifier, name) = named(unwrapped(parsed))?;
        if let (Some(pairs), Some(qualifier)) = (scope.pairs, &qualifier)
            && pairs.has_beside(qualifier)
        {
            return pairs.shares_user(qualifier, &name).then_some(Owner::Here);
        }
        match scope.find(qualifier.as_deref(), &name) {
            Some((owner, found)) => found.is_user(&name).then_some(owner),
            None => (name == Column::UserId.as_str()).then_some(Owner::Nobody),
        }
    }

    pub(super) fn selects_user_id(&self, select: &Select, inner: &Scope<'_>) -> bool {
        match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(selected) | SelectItem::ExprWithAlias { expr: selected, .. }] => {
                self.is_user_id(selected, inner)
            }
            _ => false,
        }
    }

    pub(super) fn cross_user<T>(&mut self, query: &Query, alias: &str, scope: &Scope<'_>) -> Option<T> {
        self.cross_user_until(query, tied_to(alias, scope))
    }

    /// Refuses a subquery over other users' events, and says what would make it one over the user's.
    pub(super) fn cross_user_until<T>(&mut self, query: &Query, hint: String) -> Option<T> {
        let span = self.tokens.span_of_query(query);
        let message = "this subquery looks at the events of other users: every event of anyone could change \
                       everyone's membership, which no real-time answer can follow";
        let problem = Diagnostic::error(Code::CrossUserSubquery, span, message);
        self.report(problem.with_hint(hint))
    }
}

/// Says how the rows of a table are tied to the row around.
pub(super) fn tied_to(alias: &str, around: &Scope<'_>) -> String {
    let around = around.alias;
    if alias == around {
        format!("give the inner table a name of its own: `FROM events e WHERE e.user_id = {around}.user_id AND …`")
    } else {
        format!("add `{alias}.user_id = {around}.user_id` to its WHERE")
    }
}
