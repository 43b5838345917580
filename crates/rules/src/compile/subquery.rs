//! Subqueries over the same user's events: EXISTS, IN and scalar, turned into aggregates.
//!
//! What ties a subquery to the user is either `e.user_id = events.user_id` in its WHERE or
//! `user_id IN (SELECT user_id …)`. Without it a subquery speaks about other users' events.

use sqlparser::ast::{self, Query, Select};

use crate::compile::around::{bare, is_one_aggregate};
use crate::compile::derived::having_without_group;
use crate::compile::grouping::Grouping;
use crate::compile::joins::{is_grouped, is_join, selected};
use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::scope::{Place, Scope};
use crate::compile::shown::shown_rows;
use crate::compile::ties::Conditions;
use crate::rule::Comparison;
use crate::{AggregateFunction, Code, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

impl Lowering<'_> {
    /// `EXISTS (SELECT … FROM events e WHERE e.user_id = events.user_id AND …)`.
    pub(super) fn exists(&mut self, query: &Query, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let query = bare(query);
        let select = self.exists_select(query, span)?;
        if let Some(table) = self.user_table(select) {
            return self.of_user_exists(table, query, select, scope, span);
        }
        if is_join(select) && !is_grouped(select) && select.having.is_none() {
            let pairs = self.pairs(query, select, None, true, scope, span)?;
            return self.some_pair(&pairs, scope, span);
        }
        let basis = self.basis(query, select, None, scope, span)?;
        let inner = basis.rows(scope);
        let grouping = self.grouping(select, &inner);
        let shown = shown_rows(&inner, grouping.as_ref(), select);
        self.shown_columns(select, &shown);
        self.shown_order(query, select, &shown)?;
        let conditions = self.passed(&basis, select, &inner, span)?;
        if !conditions.same_user {
            return self.cross_user(query, inner.alias, scope);
        }
        self.membership(select, grouping?, conditions.filter, &inner, span)
    }

    /// `user_id IN (SELECT user_id FROM events WHERE … GROUP BY user_id HAVING …)`.
    pub(super) fn in_subquery(
        &mut self,
        value: &ast::Expr,
        query: &Query,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let query = bare(query);
        let select = self.in_select(query, span)?;
        if let ast::Expr::Tuple(_) = unwrapped(value) {
            return self.unsupported(self.tokens.span_of(value), "rows in IN a subquery are");
        }
        if is_one_aggregate(select) {
            return self.in_one_row(value, query, scope, span);
        }
        if let Some(table) = self.user_table(select) {
            return self.in_of_user(table, value, query, select, scope, span);
        }
        let of_user = selected(select).filter(|_| is_join(select) && self.is_user_id(value, scope));
        if is_join(select) && !is_grouped(select) && select.having.is_none() {
            let Some(selected) = of_user else {
                return self.unsupported(span, "IN a subquery of anything but `user_id` over a JOIN is");
            };
            let pairs = self.pairs(query, select, Some(selected), true, scope, span)?;
            return self.some_pair(&pairs, scope, span);
        }
        let basis = self.basis(query, select, of_user, scope, span)?;
        let inner = basis.rows(scope);
        let by_user = self.is_user_id(value, scope) && self.selects_user_id(select, &inner);
        let grouping = self.grouping(select, &inner);
        self.shown_order(query, select, &shown_rows(&inner, grouping.as_ref(), select))?;
        let Conditions { same_user, filter } = self.passed(&basis, select, &inner, span)?;
        if !by_user && !same_user {
            return self.cross_user(query, inner.alias, scope);
        }
        if let Some(Grouping::By(groups)) = &grouping {
            self.groups_of_user(groups, same_user, select, &inner, scope)?;
        }
        if !by_user {
            return self.in_values(value, select, grouping?, filter, scope, &inner, span);
        }
        if let (Some(Grouping::None), Some(having)) = (&grouping, &select.having) {
            let at = self.tokens.span_of(having);
            let problem = Diagnostic::error(Code::MisplacedAggregate, at, "HAVING needs GROUP BY user_id here");
            return self.report(problem);
        }
        self.membership(select, grouping?, filter, &inner, span)
    }

    /// `x IN (SELECT y FROM events e WHERE e.user_id = events.user_id AND …)`: TRUE where some y equals x;
    /// else NULL where with some y it cannot be told; else FALSE.
    #[expect(clippy::too_many_arguments, reason = "the parts of one form of the language")]
    fn in_values(
        &mut self,
        value: &ast::Expr,
        select: &Select,
        grouping: Grouping<'_>,
        filter: Vec<Expr>,
        scope: &Scope<'_>,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let Some(selected) = selected(select) else {
            return self.report(Diagnostic::error(Code::NotOneRow, span, "IN takes a subquery of one column"));
        };
        let value = self.expression(value, scope);
        let (selected, filter) = match grouping {
            Grouping::None if select.having.is_none() => (self.expression(selected, inner)?, filter),
            Grouping::None => return self.report(having_without_group(span)),
            Grouping::By(groups) => {
                let groups = groups.of(filter);
                let kept = self.groups_kept(select, &groups, inner, span)?;
                (self.expression(selected, &inner.at(Place::Grouped(&groups)))?, kept)
            }
        };
        let (value, selected) = self.pair(value?.raised(inner.rows()), selected, true, span)?;
        let kind = ExprKind::Compare { op: Comparison::Equal, left: Box::new(value), right: Box::new(selected) };
        let equal = self.node(kind, SqlType::Boolean, span)?;
        self.charge(equal.node_count() + filter.iter().map(Expr::node_count).sum::<usize>(), span)?;
        let unknown = self.node(ExprKind::IsNull(Box::new(equal.clone())), SqlType::Boolean, span)?;
        let with = |condition: Expr| filter.iter().cloned().chain([condition]).collect::<Vec<_>>();
        let found = self.some(with(equal), inner, span)?;
        let unknown = self.some(with(unknown), inner, span)?;
        let truth = |value, sql_type| Expr { kind: ExprKind::Literal(value), sql_type, span };
        let yes = truth(Value::Boolean(true), SqlType::Boolean);
        let branches = vec![(found, yes), (unknown, truth(Value::Null, SqlType::Null))];
        let otherwise = Some(Box::new(truth(Value::Boolean(false), SqlType::Boolean)));
        self.node(ExprKind::Case { branches, otherwise }, SqlType::Boolean, span)
    }

    /// Whether there are such rows.
    fn some(&mut self, conditions: Vec<Expr>, inner: &Scope<'_>, span: Span) -> Option<Expr> {
        match inner.pairs.filter(|pairs| pairs.whole) {
            Some(pairs) => self.some_group(pairs, conditions, inner, span),
            None => self.aggregate(AggregateFunction::Exists, conditions, span),
        }
    }

    /// Is there an event that passes, and does a group of them pass HAVING?
    fn membership(
        &mut self,
        select: &Select,
        grouping: Grouping<'_>,
        filter: Vec<Expr>,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let grouped = match grouping {
            Grouping::None => false,
            Grouping::By(groups) if groups.is_whole_user() => true,
            Grouping::By(groups) => {
                let kept = self.groups_kept(select, &groups.of(filter), inner, span)?;
                return self.some(kept, inner, span);
            }
        };
        let having = match &select.having {
            Some(having) => {
                let held = self.condition(having, &inner.at(Place::Group { filter: &filter }))?;
                Some(self.certainly(held, span)?)
            }
            None => None,
        };
        // Without GROUP BY there is one group even of no events.
        let any = if grouped || having.is_none() {
            Some(self.aggregate(AggregateFunction::Exists, filter, span)?)
        } else {
            None
        };
        self.charge(1, span)?;
        Some(Expr::and(any.into_iter().chain(having).collect(), span))
    }
}
