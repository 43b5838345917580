//! Scalar subqueries: one value of the user's other events.
//!
//! Provably one row: an aggregate over one group, or the first row of an order.

use std::cell::Cell;

use sqlparser::ast::{self, OrderByExpr, Query, Select};

use crate::compile::around::bare;
use crate::compile::grouping::{Grouping, Groups};
use crate::compile::joins::selected;
use crate::compile::lower::Lowering;
use crate::compile::query::beyond;
use crate::compile::scope::{Place, Scope};
use crate::compile::ties::Conditions;
use crate::{AggregateFunction, Code, Diagnostic, Expr, ExprKind, Span};

/// A scalar subquery taken apart.
struct Scalar<'q, 's> {
    select: &'q Select,
    selected: &'q ast::Expr,
    /// Of LIMIT 1.
    order: Option<&'q [OrderByExpr]>,
    filter: Vec<Expr>,
    inner: Scope<'s>,
    span: Span,
}

impl Lowering<'_> {
    /// `(SELECT agg(x) FROM events e WHERE e.user_id = events.user_id AND …)`.
    pub(super) fn scalar_subquery(&mut self, query: &Query, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let query = bare(query);
        let select = self.plain_select(query, span)?;
        if let Some(what) = beyond(query, select) {
            return self.unsupported(span, &format!("{what} in a subquery is"));
        }
        if let Some(table) = self.user_table(select) {
            return self.of_user_value(table, query, select, scope, span);
        }
        let basis = self.basis(query, select, None, scope, span)?;
        let inner = basis.rows(scope);
        let grouping = self.grouping(select, &inner);
        let Conditions { same_user, filter } = self.passed(&basis, select, &inner, span)?;
        if !same_user {
            return self.cross_user(query, inner.alias, scope);
        }
        let Some(selected) = selected(select) else {
            return self.report(Diagnostic::error(Code::NotOneRow, span, "a scalar subquery selects one value"));
        };
        let order = self.first_row(query, span)?;
        if select.distinct.is_some() {
            return self.unsupported(span, "DISTINCT in a scalar subquery is");
        }
        let scalar = Scalar { select, selected, order, filter, inner, span };
        match grouping? {
            Grouping::By(groups) if groups.is_whole_user() => self.of_whole_user(scalar),
            Grouping::By(groups) => self.of_first_group(scalar, groups),
            Grouping::None if order.is_some() && inner.pairs.is_some() => {
                self.unsupported(span, "ORDER BY … LIMIT 1 over a JOIN is")
            }
            Grouping::None if order.is_some() => self.of_first_row(scalar),
            Grouping::None if select.having.is_some() => self.unsupported(span, "HAVING without GROUP BY here is"),
            Grouping::None => self.of_all(&scalar),
        }
    }

    fn of_all(&mut self, scalar: &Scalar<'_, '_>) -> Option<Expr> {
        let aggregated = Cell::new(false);
        let place = Place::Selected { filter: &scalar.filter, aggregated: &aggregated };
        let value = self.expression(scalar.selected, &scalar.inner.at(place))?;
        if aggregated.get() { Some(value) } else { self.more_than_one_row(value.span) }
    }

    /// One row if there is an event and the group of them passes HAVING, else NULL.
    fn of_whole_user(&mut self, scalar: Scalar<'_, '_>) -> Option<Expr> {
        let Scalar { select, selected, filter, inner, span, .. } = scalar;
        let group = inner.at(Place::Group { filter: &filter });
        let value = self.expression(selected, &group)?;
        let having = match &select.having {
            Some(having) => Some(self.condition(having, &group)?),
            None => None,
        };
        let any = self.aggregate(AggregateFunction::Exists, filter, span)?;
        self.charge(1, span)?;
        let sql_type = value.sql_type;
        let condition = Expr::and([any].into_iter().chain(having).collect(), span);
        self.node(ExprKind::Case { branches: vec![(condition, value)], otherwise: None }, sql_type, span)
    }

    /// `… ORDER BY x LIMIT 1`: the value of the row that has none before it.
    fn of_first_row(&mut self, scalar: Scalar<'_, '_>) -> Option<Expr> {
        let Scalar { selected, order, filter, inner, span, .. } = scalar;
        let value = self.expression(selected, &inner)?;
        let order = self.order(order.unwrap_or_default(), &inner, span)?;
        let first = self.none_before(&filter, &order, span)?;
        self.aggregate(AggregateFunction::Last(value), filter.into_iter().chain([first]).collect(), span)
    }

    /// Likewise of groups: the order goes over the first events of each.
    fn of_first_group(&mut self, scalar: Scalar<'_, '_>, groups: Groups<'_>) -> Option<Expr> {
        let Scalar { select, selected, order, filter, inner, span } = scalar;
        let Some(order) = order else { return self.more_than_one_row(span) };
        self.one_row_each(&inner, span)?;
        let groups = groups.of(filter);
        let grouped = inner.at(Place::Grouped(&groups));
        let value = self.expression(selected, &grouped)?;
        let order = self.order(order, &grouped, span)?;
        let mut kept = self.groups_kept(select, &groups, &inner, span)?;
        kept.push(self.first_of(&groups.filter, groups.alike(), span)?);
        let first = self.none_before(&kept, &order, span)?;
        self.aggregate(AggregateFunction::Last(value), kept.into_iter().chain([first]).collect(), span)
    }
}
