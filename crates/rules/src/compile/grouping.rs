//! GROUP BY: the user alone, or other things as well.
//!
//! A group of the user's events is the events that are like one of them in what is grouped by. So a
//! condition on some group is one on some row, in which the aggregates go over the rows like it.

use sqlparser::ast::{self, GroupByExpr, Select, SelectItem};

use crate::compile::derived::{groups_all, selected_as};
use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::order::equal;
use crate::compile::scope::{Place, Scope};
use crate::compile::ties::tied_to;
use crate::{Code, Column, Diagnostic, Expr, ExprKind, Span};

/// By what a SELECT groups its rows.
pub(super) enum Grouping<'q> {
    /// Not at all.
    None,
    /// By the user or by more.
    By(Groups<'q>),
}

/// The groups of a query's rows.
#[derive(Clone)]
pub(super) struct Groups<'q> {
    /// Which rows there are.
    pub(super) filter: Vec<Expr>,
    /// By what, besides the user: as it is written, and over a row.
    keys: Vec<(&'q ast::Expr, Expr)>,
    /// Whether the user is among it.
    pub(super) by_user: bool,
}

impl Groups<'_> {
    /// Returns the groups of those rows only that pass.
    pub(super) fn of(self, filter: Vec<Expr>) -> Self {
        Self { filter, ..self }
    }

    /// Returns whether it is by the user alone.
    pub(super) fn is_whole_user(&self) -> bool {
        self.keys.is_empty() && self.by_user
    }

    /// Returns the conditions that a row is in the group of the row around.
    pub(super) fn alike(&self) -> Vec<Expr> {
        self.keys.iter().map(|(_, key)| equal(key)).collect()
    }

    /// Returns what a group has in common besides the user: as it is written, and over one of its rows.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&ast::Expr, &Expr)> {
        self.keys.iter().map(|(written, key)| (*written, key))
    }

    /// Returns what a part is, if it is one of those that the group has in common.
    pub(super) fn key(&self, parsed: &ast::Expr) -> Option<&Expr> {
        self.keys.iter().find(|(written, _)| unwrapped(written) == parsed).map(|(_, key)| key)
    }

    /// Returns whether all rows of a group have the same in a column. No group holds rows of several users.
    pub(super) fn share(&self, column: &Expr) -> bool {
        column.kind == ExprKind::Column(Column::UserId) || self.keys.iter().any(|(_, key)| key == column)
    }
}

impl Lowering<'_> {
    pub(super) fn grouping<'q>(&mut self, select: &'q Select, inner: &Scope<'_>) -> Option<Grouping<'q>> {
        let GroupByExpr::Expressions(by, modifiers) = &select.group_by else {
            let at = self.tokens.span_at(select.select_token.0.span);
            debug_assert!(groups_all(select), "there is no third form");
            return self.unsupported(at, "GROUP BY ALL is");
        };
        let Some(first) = by.first() else { return Some(Grouping::None) };
        if !modifiers.is_empty() {
            let at = self.tokens.span_of(first);
            return self.unsupported(at, "ROLLUP, CUBE or TOTALS is");
        }
        let mut groups = Groups { filter: Vec::new(), keys: Vec::new(), by_user: false };
        for part in by {
            let written = selected_as(select, unwrapped(part), inner).unwrap_or(part);
            if self.is_user_id(written, inner) {
                groups.by_user = true;
                continue;
            }
            let key = self.expression(written, inner)?;
            groups.keys.push((written, key));
        }
        Some(Grouping::By(groups))
    }

    /// Refuses groups of anyone's events: neither is the user among what they are by, nor are the rows of one.
    pub(super) fn groups_of_user(
        &mut self,
        groups: &Groups<'_>,
        same_user: bool,
        select: &Select,
        inner: &Scope<'_>,
        around: &Scope<'_>,
    ) -> Option<()> {
        let GroupByExpr::Expressions(by, _) = &select.group_by else { return Some(()) };
        if groups.by_user || same_user {
            return Some(());
        }
        let span = self.tokens.span_of_group_by(by);
        let message = "these groups put the events of different users together: every event of anyone could change \
                       everyone's membership, which no real-time answer can follow";
        let problem = Diagnostic::error(Code::CrossUserSubquery, span, message);
        let tied = tied_to(inner.alias, around);
        let Some(user) = shown(select).find(|shown| self.is_user_id(shown, inner)) else {
            return self.report(problem.with_hint(tied));
        };
        let user = self.written(self.tokens.span_of(user));
        let by = self.written(Span { start: self.tokens.span_of(&by[0]).start, ..span });
        let problem = problem.with_hint(format!("group by `{user}` too, or {tied}"));
        self.report(problem.with_replacement(format!("GROUP BY {user}, {by}")))
    }

    fn written(&self, span: Span) -> &str {
        self.tokens.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Makes a condition never NULL.
    pub(super) fn certainly(&mut self, condition: Expr, span: Span) -> Option<Expr> {
        self.node(ExprKind::IsTrue(Box::new(condition)), crate::SqlType::Boolean, span)
    }

    /// Returns the rows that an aggregate over a group goes over, and the conditions that they are of it.
    pub(super) fn rows_of_group<'s>(&mut self, scope: &Scope<'s>, span: Span) -> Option<(Scope<'s>, Vec<Expr>)> {
        let inner = scope.at(Place::Aggregated);
        let (inner, conditions) = match scope.place {
            Place::Group { filter } | Place::Selected { filter, .. } => (inner, filter.to_vec()),
            Place::Grouped(groups) => {
                let rows = groups.filter.iter().map(|part| part.with_rows_between(1));
                (Scope { between: inner.between + 1, ..inner }, rows.chain(groups.alike()).collect())
            }
            _ => (inner, Vec::new()),
        };
        self.charge(conditions.iter().map(Expr::node_count).sum(), span)?;
        Some((inner, conditions))
    }
}

fn shown(select: &Select) -> impl Iterator<Item = &ast::Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(shown) | SelectItem::ExprWithAlias { expr: shown, .. } => Some(shown),
        _ => None,
    })
}
