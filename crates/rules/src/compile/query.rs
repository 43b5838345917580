//! What a subquery may be made of: SELECT, FROM, WHERE, GROUP BY, HAVING, and nothing around it.

use sqlparser::ast::{self, Query, Select, SetExpr};

use crate::compile::lower::Lowering;
use crate::{Code, Diagnostic, Span};

impl Lowering<'_> {
    pub(super) fn plain_select<'q>(&mut self, query: &'q Query, span: Span) -> Option<&'q Select> {
        match &*query.body {
            SetExpr::Select(select) => Some(select),
            SetExpr::Query(_) => self.unsupported(span, "anything around a query in parentheses is"),
            SetExpr::SetOperation { .. } | SetExpr::Values(_) | SetExpr::Table(_) => {
                self.unsupported(span, "UNION, EXCEPT, INTERSECT or VALUES is")
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                let message = "a clause is a condition and changes nothing";
                self.report(Diagnostic::error(Code::NotAnExpression, span, message))
            }
        }
    }

    /// Refuses what a query has besides SELECT, FROM, WHERE, GROUP BY, HAVING and WINDOW.
    pub(super) fn nothing_but_windows(&mut self, query: &Query, select: &Select, span: Span) -> Option<()> {
        match ordered(query, select).or_else(|| besides_windows(query, select)) {
            Some(what) => self.unsupported(span, &format!("{what} in a subquery is")),
            None => Some(()),
        }
    }
}

pub(super) fn ordered(query: &Query, select: &Select) -> Option<&'static str> {
    let limited = query.limit_clause.is_some() || query.fetch.is_some() || select.top.is_some();
    if limited { Some("LIMIT") } else { query.order_by.as_ref().map(|_| "ORDER BY") }
}

/// Names what a query has besides SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY and LIMIT.
pub(super) fn beyond(query: &Query, select: &Select) -> Option<&'static str> {
    if select.named_window.is_empty() { besides_windows(query, select) } else { Some("a window") }
}

fn besides_windows(query: &Query, select: &Select) -> Option<&'static str> {
    let found = [
        (query.with.is_some(), "WITH"),
        (query.fetch.is_some() || select.top.is_some(), "FETCH or TOP"),
        (!query.locks.is_empty() || query.for_clause.is_some(), "FOR UPDATE"),
        (select.qualify.is_some(), "a window"),
        (matches!(select.distinct, Some(ast::Distinct::On(_))), "DISTINCT ON"),
        (select.into.is_some(), "INTO"),
        (is_exotic(query, select), "this form of SELECT"),
    ];
    found.into_iter().find(|(found, _)| *found).map(|(_, what)| what)
}

fn is_exotic(query: &Query, select: &Select) -> bool {
    let lists = [select.cluster_by.is_empty(), select.distribute_by.is_empty(), select.sort_by.is_empty()];
    query.settings.is_some()
        || query.format_clause.is_some()
        || !query.pipe_operators.is_empty()
        || select.prewhere.is_some()
        || select.exclude.is_some()
        || select.select_modifiers.is_some()
        || select.value_table_mode.is_some()
        || !select.connect_by.is_empty()
        || !select.lateral_views.is_empty()
        || lists.contains(&false)
}
