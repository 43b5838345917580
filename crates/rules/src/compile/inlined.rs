//! Derived tables over an ungrouped JOIN, put in their place: no single event could stand for a row of one.
//!
//! `FROM (SELECT v.user_id, p.url AS u FROM events v JOIN events p ON C WHERE W) t WHERE t.u = 'x'` is
//! `FROM events v JOIN events p ON C WHERE W AND p.url = 'x'`: the same rows, each as often. The query is written anew
//! with names of its own for the tables inside, and compiled in place of what was typed, at whose place everything
//! that is said of it stands.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, TableAlias,
    TableFactor, TableWithJoins,
};

use crate::compile::aggregates::AggregateName;
use crate::compile::around::bare;
use crate::compile::derived::Derived;
use crate::compile::joins::{is_grouped, is_join};
use crate::compile::lower::Lowering;
use crate::compile::names_replaced::{Replaced, alias_of, on_of};
use crate::compile::parse;
use crate::compile::scope::{Scope, folded, named};
use crate::compile::tokens::Tokens;
use crate::limits::MAX_INLINED_TOKENS;
use crate::{Column, Diagnostic, Span};

impl Lowering<'_> {
    /// Returns the text of the query with such tables in their place; `None` where there is none, or one of another
    /// form.
    pub(super) fn inlined(&self, query: &Query) -> Option<String> {
        let SetExpr::Select(select) = &*bare(query).body else { return None };
        if !has_derived(select) || self.tokens.placed.len() > MAX_INLINED_TOKENS {
            return None;
        }
        let text = self.tokens.text.to_lowercase();
        // Copied and printed it is gone through as deep as it is.
        parse::with_room(|| inlined(&text, query).map(|query| query.to_string())).flatten()
    }

    /// Compiles a text in place of what stands at `span`.
    pub(super) fn instead(&mut self, text: &str, scope: &Scope<'_>, span: Span) -> Option<crate::Expr> {
        self.elsewhere(text, span, |lowering, parsed| lowering.expression(parsed, scope))
            .map(|lowered| lowered.at(span))
    }

    /// Likewise a derived table.
    pub(super) fn derived_instead(&mut self, query: &str, scope: &Scope<'_>, span: Span) -> Option<Derived> {
        let derived = self.elsewhere(&format!("EXISTS ({query})"), span, |lowering, parsed| match parsed {
            Expr::Exists { subquery, .. } => lowering.derived(subquery, scope, span),
            _ => None,
        });
        derived.map(|derived| derived.at(span))
    }

    fn elsewhere<T>(
        &mut self,
        text: &str,
        span: Span,
        lower: impl FnOnce(&mut Lowering<'_>, &Expr) -> Option<T>,
    ) -> Option<T> {
        let here = |problem: Diagnostic| Diagnostic { span, replacement: None, ..problem };
        let tokens = match Tokens::scan(text) {
            Ok(tokens) => tokens,
            Err(problem) => return self.report(here(problem)),
        };
        let parsed = match parse::expression(&tokens, 0..tokens.placed.len()) {
            Ok(parsed) => parsed,
            Err(problem) => return self.report(here(problem)),
        };
        let mut lowering = self.over_text(&tokens);
        let lowered = lower(&mut lowering, &parsed);
        let nodes = lowering.nodes();
        let problems = lowering.into_diagnostics();
        self.made(nodes);
        problems.into_iter().for_each(|problem| self.inform(here(problem)));
        lowered
    }
}

/// Returns the query with such tables in their place; the text is that of the whole clause.
fn inlined(text: &str, query: &Query) -> Option<Query> {
    let query = bare(query);
    let SetExpr::Select(select) = &*query.body else { return None };
    if !has_derived(select) {
        return None;
    }
    let mut whole = query.clone();
    let mut changed = false;
    // From the inside out: what is put in its place can make a join of the table around.
    if let SetExpr::Select(select) = &mut *whole.body {
        for table in tables(select) {
            if let TableFactor::Derived { subquery, .. } = table
                && let Some(inner) = inlined(text, subquery)
            {
                **subquery = inner;
                changed = true;
            }
        }
    }
    while let Some(next) = one_inlined(text, &whole) {
        whole = next;
        changed = true;
    }
    changed.then_some(whole)
}

fn one_inlined(text: &str, query: &Query) -> Option<Query> {
    let SetExpr::Select(select) = &*query.body else { return None };
    let (from, join) = place_of_join(select)?;
    let alone = select.from.len() == 1 && select.from[0].joins.is_empty();
    let (table, inner) = derived_join(table_at(select, from, join)?)?;
    let inner = renamed(text, &table, inner)?;
    let columns = columns(&inner)?;
    let mut query = query.clone();
    let is_column = |name: &str| Column::ALL.iter().any(|column| column.as_str() == name);
    let unclear = std::cell::Cell::new(false);
    let by = |qualifier: Option<&str>, name: &str, depth: usize| {
        let found = columns.iter().find(|(column, _)| column == name).map(|(_, expr)| enclosed(expr));
        match qualifier {
            Some(qualifier) if qualifier == table => {
                unclear.set(unclear.get() || found.is_none());
                found
            }
            None if alone && depth == 0 => found,
            // Inside of a subquery it is a column of that one's events, or else hard to tell.
            None if alone && found.is_some() && !is_column(name) => {
                unclear.set(true);
                None
            }
            _ => None,
        }
    };
    let mut replaced = Replaced::new(&by);
    replaced.order(&mut query);
    let SetExpr::Select(select) = &mut *query.body else { return None };
    shown_by_name(select, alone.then_some(&columns[..]))?;
    replaced.select(select);
    let nested_tables = replaced.declared.contains(&table);
    let is_whole = replaced.is_whole && !unclear.get() && !nested_tables;
    put_in_place(select, from, join, inner)?;
    is_whole.then_some(query)
}

/// Returns the SELECT inside with names for its tables that nothing else has.
fn renamed(text: &str, table: &str, inner: &Select) -> Option<Select> {
    let mut inner = inner.clone();
    let mut names: Vec<(String, String)> = Vec::new();
    for factor in tables(&mut inner) {
        let alias = alias_of(factor)?;
        let mut fresh = format!("{table}_{alias}");
        while text.contains(&fresh) {
            fresh.push('_');
        }
        let is_plain =
            |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_';
        if !fresh.chars().all(is_plain) || names.iter().any(|(known, _)| *known == alias) {
            return None;
        }
        let (TableFactor::Table { alias: given, .. } | TableFactor::Derived { alias: given, .. }) = factor else {
            return None;
        };
        let (name, columns) = (Ident::new(&fresh), Vec::new());
        *given = Some(TableAlias { explicit: false, name, columns, at: None });
        names.push((alias, fresh));
    }
    let by = |qualifier: Option<&str>, name: &str, _: usize| {
        let fresh = names.iter().find(|(alias, _)| Some(alias.as_str()) == qualifier).map(|(_, fresh)| fresh)?;
        Some(Expr::CompoundIdentifier(vec![Ident::new(fresh), Ident::new(name)]))
    };
    let mut replaced = Replaced::new(&by);
    replaced.select(&mut inner);
    let is_hidden = |declared: &String| names.iter().any(|(alias, _)| alias == declared);
    (replaced.is_whole && !replaced.declared.iter().any(is_hidden)).then_some(inner)
}

fn has_derived(select: &Select) -> bool {
    let mut tables = select
        .from
        .iter()
        .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    tables.any(|table| matches!(table, TableFactor::Derived { .. }))
}

fn tables(select: &mut Select) -> impl Iterator<Item = &mut TableFactor> {
    select.from.iter_mut().flat_map(|from| {
        std::iter::once(&mut from.relation).chain(from.joins.iter_mut().map(|join| &mut join.relation))
    })
}

/// Returns where a derived table over an ungrouped join stands: in which FROM, and behind which of its joins.
fn place_of_join(select: &Select) -> Option<(usize, Option<usize>)> {
    for (from, tables) in select.from.iter().enumerate() {
        if derived_join(&tables.relation).is_some() {
            return Some((from, None));
        }
        let is_inner = |operator: &JoinOperator| {
            matches!(operator, JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_))
        };
        let found = tables
            .joins
            .iter()
            .position(|join| is_inner(&join.join_operator) && derived_join(&join.relation).is_some());
        if found.is_some() {
            return Some((from, found));
        }
    }
    None
}

fn table_at(select: &Select, from: usize, join: Option<usize>) -> Option<&TableFactor> {
    let tables = select.from.get(from)?;
    match join {
        None => Some(&tables.relation),
        Some(join) => tables.joins.get(join).map(|join| &join.relation),
    }
}

/// Returns the name of a derived table, and the plain SELECT over a join that it is.
fn derived_join(table: &TableFactor) -> Option<(String, &Select)> {
    let TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None } = table else {
        return None;
    };
    let query = bare(subquery);
    let SetExpr::Select(select) = &*query.body else { return None };
    let is_plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    let is_plain = is_plain && query.fetch.is_none() && select.distinct.is_none() && select.top.is_none();
    let is_plain = is_plain && select.having.is_none() && alias.columns.is_empty() && alias.at.is_none();
    (is_plain && is_join(select) && !is_grouped(select)).then(|| (folded(&alias.name), &**select))
}

/// Returns the columns by their names; `None` where they are not all written out, once each.
fn columns(select: &Select) -> Option<Vec<(String, Expr)>> {
    let mut columns: Vec<(String, Expr)> = Vec::new();
    for item in &select.projection {
        let (name, expr) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (folded(alias), expr),
            SelectItem::UnnamedExpr(expr) => (named(expr)?.1, expr),
            _ => return None,
        };
        if columns.iter().any(|(known, _)| *known == name) || is_aggregate(expr) {
            return None;
        }
        columns.push((name, expr.clone()));
    }
    Some(columns)
}

fn is_aggregate(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if AggregateName::named(&function.name.to_string().to_lowercase()).is_some())
}

fn enclosed(expr: &Expr) -> Expr {
    match expr {
        Expr::CompoundIdentifier(_) => expr.clone(),
        other => Expr::Nested(Box::new(other.clone())),
    }
}

/// Gives what is selected the name that it had; `*` is all of the columns, if there are no others.
fn shown_by_name(select: &mut Select, columns: Option<&[(String, Expr)]>) -> Option<()> {
    let mut shown = Vec::new();
    for item in std::mem::take(&mut select.projection) {
        match (item, columns) {
            (SelectItem::UnnamedExpr(expr), _) => shown.push(match named(&expr) {
                Some((_, name)) => SelectItem::ExprWithAlias { expr, alias: Ident::new(name) },
                None => SelectItem::UnnamedExpr(expr),
            }),
            (item @ SelectItem::ExprWithAlias { .. }, _) => shown.push(item),
            (SelectItem::Wildcard(_), Some(columns)) => {
                shown.extend(
                    columns
                        .iter()
                        .map(|(name, expr)| SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(name) }),
                );
            }
            _ => return None,
        }
    }
    select.projection = shown;
    Some(())
}

/// Puts the tables of the SELECT inside where the derived one stands, and its conditions to the others.
fn put_in_place(select: &mut Select, from: usize, join: Option<usize>, inner: Select) -> Option<()> {
    let mut inside = inner.from.into_iter();
    let TableWithJoins { relation, joins } = inside.next()?;
    let tables = select.from.get_mut(from)?;
    let mut conditions: Vec<Expr> = inner.selection.into_iter().collect();
    match join {
        None => {
            tables.relation = relation;
            tables.joins.splice(0..0, joins);
        }
        Some(join) => {
            let place = tables.joins.get_mut(join)?;
            place.relation = relation;
            // It may name any of the tables inside.
            conditions.extend(on_of(&mut place.join_operator).map(|on| on.clone()));
            place.join_operator = JoinOperator::CrossJoin(JoinConstraint::None);
            tables.joins.splice(join + 1..=join, joins);
        }
    }
    select.from.extend(inside);
    conditions.extend(select.selection.take());
    let joined = conditions.into_iter().map(|part| Expr::Nested(Box::new(part)));
    select.selection = joined.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    });
    Some(())
}
