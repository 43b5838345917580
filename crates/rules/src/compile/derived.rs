//! Derived tables: `FROM (SELECT … FROM events WHERE …) t`.
//!
//! Each of their rows stands for one event: the one it was made of, or of a group the first. So a
//! derived table is a filter over events, and its columns are expressions over them, which stand
//! wherever the query around names them.

use sqlparser::ast::{self, Distinct, GroupByExpr, Query, Select, SelectItem, TableFactor, TableWithJoins};

use crate::compile::around::bare;
use crate::compile::grouping::{Grouping, Groups};
use crate::compile::joins::{is_grouped, is_join};
use crate::compile::lower::Lowering;
use crate::compile::order::equal;
use crate::compile::pairs::Pairs;
use crate::compile::scope::{Place, Scope, folded, named};
use crate::compile::ties::Conditions;
use crate::{Code, Column, Diagnostic, Expr, ExprKind, Span};

/// A table that a query is made over.
#[derive(Default)]
pub(super) struct Derived {
    /// Over a row of it; `None` where the problem was reported.
    columns: Vec<(String, Option<Expr>)>,
    /// Which events stand for its rows.
    pub(super) filter: Vec<Expr>,
    /// Whether it holds only events of the user of the query around.
    pub(super) same_user: bool,
}

impl Derived {
    /// What is known of a user, as a table of one row.
    pub(super) fn of_user(columns: Vec<(String, Option<Expr>)>) -> Self {
        Self { columns, filter: Vec::new(), same_user: false }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(known, _)| known == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Returns a column; `Some(None)` is one whose problem was reported.
    pub(super) fn column(&self, name: &str) -> Option<Option<&Expr>> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, expr)| expr.as_ref())
    }

    /// Returns it as it stands at another place of the text.
    pub(super) fn at(self, span: Span) -> Self {
        let columns = self.columns.into_iter().map(|(name, column)| (name, column.map(|column| column.at(span))));
        let filter = self.filter.iter().map(|part| part.at(span)).collect();
        Self { columns: columns.collect(), filter, same_user: self.same_user }
    }

    /// Returns whether any of it names the row around the query.
    pub(super) fn looks_around(&self) -> bool {
        let columns = self.columns.iter().filter_map(|(_, column)| column.as_ref());
        self.filter.iter().chain(columns).any(|part| part.reach() > 0)
    }

    pub(super) fn is_user(&self, name: &str) -> bool {
        matches!(self.column(name), Some(Some(Expr { kind: ExprKind::Column(Column::UserId), .. })))
    }
}

/// What a query is made over: a table's name, and what is known of a derived one.
pub(super) struct Source {
    pub(super) alias: String,
    pub(super) derived: Option<Derived>,
}

impl Source {
    /// Returns the conditions that its rows have passed.
    pub(super) fn filter(&self) -> Vec<Expr> {
        self.derived.as_ref().map_or_else(Vec::new, |derived| derived.filter.clone())
    }

    pub(super) fn same_user(&self) -> bool {
        self.derived.as_ref().is_some_and(|derived| derived.same_user)
    }

    /// Returns whether a column is the user.
    pub(super) fn is_user(&self, name: &str) -> bool {
        self.derived.as_ref().map_or(name == Column::UserId.as_str(), |derived| derived.is_user(name))
    }
}

/// What a query is made over: one table, or several joined.
pub(super) enum Basis<'q> {
    One(Source),
    Pairs(Pairs<'q>),
}

impl Basis<'_> {
    /// Returns its rows; of a join those of the table that stands for the groups.
    pub(super) fn rows<'s>(&'s self, scope: &'s Scope<'s>) -> Scope<'s> {
        match self {
            Self::One(source) => scope.inside(&source.alias, source.derived.as_ref()),
            Self::Pairs(pairs) => pairs.group_rows(scope),
        }
    }
}

impl Lowering<'_> {
    /// Returns what a query is made over.
    pub(super) fn basis<'q>(
        &mut self,
        query: &Query,
        select: &'q Select,
        of_user: Option<&ast::Expr>,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Basis<'q>> {
        if is_join(select) {
            return self.pairs(query, select, of_user, false, scope, span).map(Basis::Pairs);
        }
        self.only_source(&select.from, scope, span).map(Basis::One)
    }

    /// Returns the conditions that the rows of a query have passed.
    pub(super) fn passed(
        &mut self,
        basis: &Basis<'_>,
        select: &Select,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Conditions> {
        match basis {
            Basis::One(source) => {
                let Conditions { same_user, filter } = self.conditions(select, inner)?;
                let filter = [source.filter(), filter].concat();
                Some(Conditions { same_user: same_user || source.same_user(), filter })
            }
            Basis::Pairs(pairs) => {
                // Those of several rows together are said where it is asked whether there are any.
                let filter = if pairs.whole { Vec::new() } else { self.first_of_pairs(pairs, inner, span)? };
                Some(Conditions { same_user: pairs.same_user, filter })
            }
        }
    }

    /// Returns the only table of a FROM.
    fn only_source(&mut self, from: &[TableWithJoins], scope: &Scope<'_>, span: Span) -> Option<Source> {
        let [from] = from else {
            return self.unsupported(span, "a subquery over anything but one table is");
        };
        self.source(&from.relation, scope, span)
    }

    pub(super) fn source(&mut self, table: &TableFactor, scope: &Scope<'_>, span: Span) -> Option<Source> {
        let TableFactor::Derived { lateral: false, subquery, alias, sample: None } = table else {
            return Some(Source { alias: self.table_named(table, span)?, derived: None });
        };
        let Some(alias) = alias.as_ref().filter(|alias| alias.columns.is_empty() && alias.at.is_none()) else {
            return self.unsupported(span, "a derived table without a plain name is");
        };
        let derived = match self.inlined(subquery) {
            Some(query) => self.derived_instead(&query, scope, span)?,
            None => self.derived(subquery, scope, span)?,
        };
        Some(Source { alias: folded(&alias.name), derived: Some(derived) })
    }

    pub(super) fn derived(&mut self, query: &Query, scope: &Scope<'_>, span: Span) -> Option<Derived> {
        let query = bare(query);
        let select = self.plain_select(query, span)?;
        self.nothing_but_windows(query, select, span)?;
        if is_join(select) && !is_grouped(select) {
            return self.unsupported(span, "this form of derived table over a JOIN is");
        }
        let basis = self.basis(query, select, None, scope, span)?;
        let inner = basis.rows(scope);
        let Conditions { same_user, filter } = self.passed(&basis, select, &inner, span)?;
        match self.grouping(select, &inner)? {
            Grouping::None if select.having.is_none() => self.of_rows(select, filter, same_user, &inner, span),
            Grouping::None => self.report(having_without_group(self.tokens.span_of_query(query))),
            Grouping::By(groups) => {
                self.groups_of_user(&groups, same_user, select, &inner, scope)?;
                let groups = groups.of(filter);
                self.of_groups(select, &groups, same_user, &inner, span)
            }
        }
    }

    /// One row for each that passes.
    fn of_rows(
        &mut self,
        select: &Select,
        filter: Vec<Expr>,
        of_one_user: bool,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Derived> {
        let around = std::mem::replace(&mut self.windows, select.named_window.clone());
        let columns = self.columns(select, &inner.at(Place::Numbered { filter: &filter, of_one_user }));
        self.windows = around;
        let columns = columns?;
        let first = match &select.distinct {
            Some(Distinct::Distinct) => Some(self.first_of_its_like(&filter, &columns, span)?),
            _ => None,
        };
        let filter = filter.into_iter().chain(first).collect();
        Some(Derived { columns, filter, same_user: of_one_user })
    }

    /// Only the first of the rows that are alike in all columns.
    fn first_of_its_like(&mut self, filter: &[Expr], columns: &[(String, Option<Expr>)], span: Span) -> Option<Expr> {
        let columns = columns.iter().map(|(_, column)| column.as_ref()).collect::<Option<Vec<_>>>()?;
        let others = columns.into_iter().filter(|column| column.kind != ExprKind::Column(Column::UserId));
        self.first_of(filter, others.map(equal).collect(), span)
    }

    /// One row for each group.
    fn of_groups(
        &mut self,
        select: &Select,
        groups: &Groups<'_>,
        same_user: bool,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Derived> {
        if select.distinct.is_some() {
            return self.unsupported(span, "DISTINCT over groups is");
        }
        self.one_row_each(inner, span)?;
        let grouped = inner.at(Place::Grouped(groups));
        let columns = self.columns(select, &grouped)?;
        let mut filter = self.groups_kept(select, groups, inner, span)?;
        filter.push(self.first_of(&groups.filter, groups.alike(), span)?);
        Some(Derived { columns, filter, same_user })
    }

    /// Returns the conditions of a row whose group passes HAVING.
    pub(super) fn groups_kept(
        &mut self,
        select: &Select,
        groups: &Groups<'_>,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Vec<Expr>> {
        let having = match &select.having {
            Some(having) => {
                let held = self.condition(having, &inner.at(Place::Grouped(groups)))?;
                Some(self.certainly(held, span)?)
            }
            None => None,
        };
        self.charge(groups.filter.iter().map(Expr::node_count).sum(), span)?;
        Some(groups.filter.iter().cloned().chain(having).collect())
    }

    /// Refuses groups that several rows together stand for, where only one event can.
    pub(super) fn one_row_each(&mut self, inner: &Scope<'_>, span: Span) -> Option<()> {
        if inner.rows() == 1 {
            return Some(());
        }
        let message = "rows of groups by columns of several joined tables are not supported here yet";
        let problem = Diagnostic::error(Code::Unsupported, span, message);
        self.report(problem.with_hint("ask in HAVING: `user_id IN (SELECT v.user_id FROM … GROUP BY … HAVING …)`"))
    }

    fn columns(&mut self, select: &Select, scope: &Scope<'_>) -> Option<Vec<(String, Option<Expr>)>> {
        let mut columns = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { expr, alias } => {
                    columns.push((folded(alias), self.expression(expr, scope)))
                }
                SelectItem::UnnamedExpr(expr) => {
                    let name = named(expr).map_or_else(String::new, |(_, name)| name);
                    columns.push((name, self.expression(expr, scope)));
                }
                SelectItem::Wildcard(_) if matches!(scope.place, Place::Numbered { .. }) => {
                    columns.extend(self.all_columns(scope));
                }
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => {
                    let at = self.tokens.span_at(select.select_token.0.span);
                    return self.unsupported(at, "selecting `*` of groups or `alias.*` is");
                }
            }
        }
        let twice =
            columns.iter().enumerate().find(|(at, (name, _))| columns[..*at].iter().any(|(one, _)| one == name));
        if let Some((_, (name, _))) = twice.filter(|(_, (name, _))| !name.is_empty()) {
            let at = self.tokens.span_at(select.select_token.0.span);
            return self.report(Diagnostic::error(Code::UnknownColumn, at, format!("two columns are called `{name}`")));
        }
        Some(columns)
    }

    fn all_columns(&mut self, scope: &Scope<'_>) -> Vec<(String, Option<Expr>)> {
        match scope.derived {
            Some(derived) => derived.columns.clone(),
            None => {
                let span = Span::default();
                let column =
                    |column: Column| Expr { kind: ExprKind::Column(column), sql_type: column.sql_type(), span };
                Column::ALL.into_iter().map(|name| (name.as_str().to_owned(), Some(column(name)))).collect()
            }
        }
    }
}

pub(super) fn having_without_group(span: Span) -> Diagnostic {
    Diagnostic::error(Code::MisplacedAggregate, span, "HAVING needs GROUP BY here")
}

/// Returns whether a SELECT says by what its rows are grouped.
pub(super) fn groups_all(select: &Select) -> bool {
    matches!(select.group_by, GroupByExpr::All(_))
}

/// Returns what a name in GROUP BY stands for, if no column of the rows has it: what is selected under it, or by
/// its number.
pub(super) fn selected_as<'q>(select: &'q Select, by: &ast::Expr, rows: &Scope<'_>) -> Option<&'q ast::Expr> {
    match by {
        ast::Expr::Identifier(name) if rows.has(&folded(name)) => None,
        ast::Expr::Identifier(name) => select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if folded(alias) == folded(name) => Some(expr),
            _ => None,
        }),
        ast::Expr::Value(value) => {
            let ast::Value::Number(number, _) = &value.value else { return None };
            let at: usize = number.to_string().parse().ok()?;
            match select.projection.get(at.checked_sub(1)?)? {
                SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr) => Some(expr),
                _ => None,
            }
        }
        _ => None,
    }
}
