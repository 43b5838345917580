//! Subqueries over the same user's events: EXISTS, IN and scalar, turned into aggregates.
//!
//! What ties a subquery to the user is either `e.user_id = events.user_id` in its WHERE or
//! `user_id IN (SELECT user_id …)`. Without it a subquery speaks about other users' events.

use sqlparser::ast::{
    self, BinaryOperator, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor,
};

use crate::compile::around::{bare, is_one_aggregate};
use crate::compile::derived::having_without_group;
use crate::compile::grouping::Grouping;
use crate::compile::joins::{is_grouped, is_join, selected};
use crate::compile::lower::{Lowering, operands, unwrapped};
use crate::compile::names;
use crate::compile::scope::{Owner, Place, Scope, folded, named};
use crate::rule::Comparison;
use crate::{AggregateFunction, Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

const ONLY_TABLE: &str = "events";
pub(super) const OTHER_TABLES: [&str; 2] = ["users", "segment_members"];

/// A subquery's WHERE: what it demands besides belonging to the user.
pub(super) struct Conditions {
    pub(super) same_user: bool,
    pub(super) filter: Vec<Expr>,
}

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

    pub(super) fn table_named(&mut self, table: &TableFactor, span: Span) -> Option<String> {
        let TableFactor::Table { name, alias, .. } = table else {
            return self.unsupported(span, "a derived table is");
        };
        if !is_plain(table) {
            return self.unsupported(span, "this form of FROM is");
        }
        let [ast::ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            let message = "tables have no database or schema here";
            return self.report(Diagnostic::error(Code::UnknownTable, span, message));
        };
        let table = folded(ident);
        if table != ONLY_TABLE {
            let at = self.tokens.span_at(ident.span);
            return self.unknown_table(&table, at);
        }
        match alias {
            Some(alias) if !alias.columns.is_empty() || alias.at.is_some() => {
                self.unsupported(span, "renaming columns is")
            }
            Some(alias) => Some(folded(&alias.name)),
            None => Some(table),
        }
    }

    fn unknown_table(&mut self, table: &str, span: Span) -> Option<String> {
        if OTHER_TABLES.contains(&table) {
            return self.unsupported(span, &format!("the table `{table}` beside others, or of a derived table, is"));
        }
        let problem = Diagnostic::error(Code::UnknownTable, span, format!("there is no table `{table}`"));
        self.report(match names::nearest(table, OTHER_TABLES.into_iter().chain([ONLY_TABLE])) {
            Some(near) => problem.with_hint(format!("did you mean `{near}`?")).with_replacement(near),
            None => problem.with_hint("the table of events is `events`"),
        })
    }

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

    /// What EXISTS selects does not matter, but it must mean something.
    pub(super) fn shown_columns(&mut self, select: &Select, inner: &Scope<'_>) {
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(shown) | SelectItem::ExprWithAlias { expr: shown, .. } => {
                    self.expression(shown, inner);
                }
                SelectItem::Wildcard(_) => {}
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _)
                    if one_name(name).is_some() =>
                {
                    self.table_in_sight(one_name(name), inner);
                }
                SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => {
                    let at = self.tokens.span_at(select.select_token.0.span);
                    self.unsupported::<()>(at, "this form of `*` is");
                }
            }
        }
    }

    fn table_in_sight(&mut self, name: Option<&ast::Ident>, rows: &Scope<'_>) {
        let Some(name) = name.filter(|name| !rows.aliases().contains(&folded(name).as_str())) else { return };
        let span = self.tokens.span_at(name.span);
        self.unknown_alias(&folded(name), span, rows);
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

/// Returns what a SELECT shows of its rows: of each, of each group, or of all of them together.
fn shown_rows<'s>(inner: &Scope<'s>, grouping: Option<&'s Grouping<'s>>, select: &Select) -> Scope<'s> {
    match grouping {
        Some(Grouping::None) if select.having.is_none() => *inner,
        Some(Grouping::By(groups)) if !groups.is_whole_user() => inner.at(Place::Grouped(groups)),
        _ => inner.at(Place::Group { filter: &[] }),
    }
}

/// Returns a name that has one part.
fn one_name(name: &ast::ObjectName) -> Option<&ast::Ident> {
    match name.0.as_slice() {
        [ast::ObjectNamePart::Identifier(ident)] => Some(ident),
        _ => None,
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

/// Whether a table is only its name and alias: no sample, version, hint or partition.
fn is_plain(table: &TableFactor) -> bool {
    match table {
        TableFactor::Table {
            args: None,
            sample: None,
            version: None,
            json_path: None,
            with_ordinality: false,
            with_hints,
            partitions,
            index_hints,
            ..
        } => with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty(),
        _ => false,
    }
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
