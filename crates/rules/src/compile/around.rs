//! What stands around a subquery's rows and does not change what is asked: parentheses, an order where only
//! whether there are rows matters, a limit that lets one through, an aggregate that makes one row of them.

use sqlparser::ast::{self, LimitClause, OrderByKind, Query, Select, SetExpr};

use crate::compile::aggregates::AggregateName;
use crate::compile::derived::selected_as;
use crate::compile::joins::{is_grouped, selected};
use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::query::beyond;
use crate::compile::scope::{Scope, folded};
use crate::rule::Comparison;
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType};

/// Takes the parentheses off a query.
pub(super) fn bare(mut query: &Query) -> &Query {
    while let (SetExpr::Query(inner), true) = (&*query.body, is_only_parentheses(query)) {
        query = inner;
    }
    query
}

fn is_only_parentheses(query: &Query) -> bool {
    let Query {
        with, order_by, limit_clause, fetch, locks, for_clause, settings, format_clause, pipe_operators, ..
    } = query;
    let plain = with.is_none() && order_by.is_none() && limit_clause.is_none() && fetch.is_none();
    let plain = plain && for_clause.is_none() && settings.is_none() && format_clause.is_none();
    plain && locks.is_empty() && pipe_operators.is_empty()
}

/// Returns whether a SELECT is an aggregate of all its rows, which is one row, also of none.
pub(super) fn is_one_aggregate(select: &Select) -> bool {
    let Some(ast::Expr::Function(function)) = selected(select).map(unwrapped) else { return false };
    let [ast::ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return false };
    let aggregates = function.over.is_none() && AggregateName::named(&folded(name)).is_some();
    aggregates && !is_grouped(select) && select.having.is_none()
}

impl Lowering<'_> {
    /// Returns the SELECT of an EXISTS.
    pub(super) fn exists_select<'q>(&mut self, query: &'q Query, span: Span) -> Option<&'q Select> {
        let select = self.nothing_but_order(query, span)?;
        self.lets_one_through(query, span)?;
        if is_one_aggregate(select) {
            let message = "an aggregate without GROUP BY is one row, also of no events: this EXISTS is always TRUE";
            let problem = Diagnostic::error(Code::MisplacedAggregate, span, message);
            return self.report(
                problem.with_hint("write `EXISTS (SELECT 1 FROM …)`, or compare it: `(SELECT count(*) FROM …) > 0`"),
            );
        }
        Some(select)
    }

    /// Returns the SELECT of an IN.
    pub(super) fn in_select<'q>(&mut self, query: &'q Query, span: Span) -> Option<&'q Select> {
        let select = self.nothing_but_order(query, span)?;
        if query.limit_clause.is_some() {
            return self.unsupported(span, "LIMIT in IN is");
        }
        Some(select)
    }

    fn nothing_but_order<'q>(&mut self, query: &'q Query, span: Span) -> Option<&'q Select> {
        let select = self.plain_select(query, span)?;
        match beyond(query, select) {
            Some(what) => self.unsupported(span, &format!("{what} in a subquery is")),
            None => Some(select),
        }
    }

    /// Demands that of rows there are LIMIT leaves some.
    fn lets_one_through(&mut self, query: &Query, span: Span) -> Option<()> {
        let limit = match &query.limit_clause {
            None => return Some(()),
            Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by }) if limit_by.is_empty() => {
                limit
            }
            Some(_) => return self.unsupported(span, "OFFSET in EXISTS is"),
        };
        match limit {
            ast::Expr::Value(value) if value.value.to_string().parse::<u64>().is_ok_and(|rows| rows > 0) => Some(()),
            ast::Expr::Value(value) if value.value.to_string() == "0" => {
                let at = self.tokens.span_of(limit);
                let message = "`LIMIT 0` leaves no row, so that this EXISTS is never TRUE";
                self.report(Diagnostic::error(Code::InvalidLiteral, at, message).with_hint("leave the LIMIT out"))
            }
            _ => self.unsupported(span, "this form of LIMIT is"),
        }
    }

    /// Which row comes first does not matter, but the order must mean something.
    pub(super) fn shown_order(&mut self, query: &Query, select: &Select, inner: &Scope<'_>) -> Option<()> {
        let Some(order) = &query.order_by else { return Some(()) };
        let OrderByKind::Expressions(parts) = &order.kind else {
            return self.unsupported(self.tokens.span_at(select.select_token.0.span), "this form of ORDER BY is");
        };
        for part in parts.iter().map(|part| unwrapped(&part.expr)) {
            if selected_as(select, part, inner).is_none() {
                self.expression(part, inner)?;
            }
        }
        Some(())
    }

    /// `x IN (SELECT max(y) FROM …)`, which is one row, is `x = (SELECT max(y) FROM …)`.
    pub(super) fn in_one_row(
        &mut self,
        value: &ast::Expr,
        query: &Query,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let (value, only) = (self.expression(value, scope), self.scalar_subquery(query, scope, span));
        let (left, right) = self.pair(value?, only?, true, span)?;
        let kind = ExprKind::Compare { op: Comparison::Equal, left: Box::new(left), right: Box::new(right) };
        self.node(kind, SqlType::Boolean, span)
    }
}
