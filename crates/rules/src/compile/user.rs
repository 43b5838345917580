//! Subqueries over `users` and `segment_members`: what is known of a user besides the events.
//!
//! Of either table the user has one row at most that a clause can tell apart: the one in `users`, and the
//! one of a segment. So these subqueries are values, and stand wherever the user's other values do.

use sqlparser::ast::{self, BinaryOperator, Query, Select, TableFactor};

use crate::compile::around::is_one_aggregate;
use crate::compile::derived::Derived;
use crate::compile::joins::selected;
use crate::compile::lower::{Lowering, operands, unwrapped};
use crate::compile::scope::{Owner, Place, Scope, folded, named};
use crate::rule::{ArithmeticOp, Comparison};
use crate::{Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType, UserColumn, Value};

const SEGMENT: &str = "segment";

/// One of the tables.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UserTable {
    alias: String,
    is_users: bool,
}

impl UserTable {
    pub(super) fn alias(&self) -> &str {
        &self.alias
    }

    pub(super) const fn is_users(&self) -> bool {
        self.is_users
    }
}

impl Lowering<'_> {
    /// Returns the table if a SELECT is over one of these alone.
    pub(super) fn user_table(&self, select: &Select) -> Option<UserTable> {
        let [from] = select.from.as_slice() else { return None };
        if from.joins.is_empty() { self.user_table_named(&from.relation) } else { None }
    }

    /// Returns the table if it is one of these.
    pub(super) fn user_table_named(&self, table: &TableFactor) -> Option<UserTable> {
        let TableFactor::Table { name, alias, .. } = table else { return None };
        let [ast::ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return None };
        let table = folded(ident);
        let is_users = table == "users";
        if !is_users && table != "segment_members" {
            return None;
        }
        let alias = alias.as_ref().map_or_else(|| table.clone(), |alias| folded(&alias.name));
        Some(UserTable { alias, is_users })
    }

    /// `EXISTS (SELECT 1 FROM users u WHERE u.user_id = events.user_id AND …)`.
    pub(super) fn of_user_exists(
        &mut self,
        table: UserTable,
        query: &Query,
        select: &Select,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let columns = self.columns_of(&table, span);
        let inner = scope.inside(&table.alias, Some(&columns)).at(Place::User);
        self.shown_columns(select, &inner);
        self.shown_order(query, select, &inner)?;
        self.held(&table, false, query, select, scope, &inner, span)
    }

    /// `user_id IN (SELECT user_id FROM users WHERE …)`, or another value among those of the user's rows.
    pub(super) fn in_of_user(
        &mut self,
        table: UserTable,
        value: &ast::Expr,
        query: &Query,
        select: &Select,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let columns = self.columns_of(&table, span);
        let inner = scope.inside(&table.alias, Some(&columns)).at(Place::User);
        self.shown_order(query, select, &inner)?;
        if self.is_user_id(value, scope) && self.selects_user_id(select, &inner) {
            return self.held(&table, true, query, select, scope, &inner, span);
        }
        let Some(selected) = selected(select) else {
            return self.report(Diagnostic::error(Code::NotOneRow, span, "IN takes a subquery of one column"));
        };
        if !table.is_users && named(unwrapped(selected)).is_some_and(|(_, name)| name == SEGMENT) {
            return self.tag_among_segments(value, query, select, scope, &inner, span);
        }
        let held = self.held(&table, false, query, select, scope, &inner, span);
        let (value, selected) = (self.expression(value, scope), self.expression(selected, &inner));
        let (value, selected) = self.pair(value?, selected?, true, span)?;
        let kind = ExprKind::Compare { op: Comparison::Equal, left: Box::new(value), right: Box::new(selected) };
        let equal = self.node(kind, SqlType::Boolean, span)?;
        let never = Expr { kind: ExprKind::Literal(Value::Boolean(false)), sql_type: SqlType::Boolean, span };
        let kind = ExprKind::Case { branches: vec![(held?, equal)], otherwise: Some(Box::new(never)) };
        self.node(kind, SqlType::Boolean, span)
    }

    /// `(SELECT traits['plan'] FROM users u WHERE u.user_id = events.user_id)`.
    pub(super) fn of_user_value(
        &mut self,
        table: UserTable,
        query: &Query,
        select: &Select,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        if let Some(what) = super::query::ordered(query, select) {
            return self.unsupported(span, &format!("{what} over `users` or `segment_members` is"));
        }
        if counts_rows(select) {
            return self.rows_of_user(&table, query, select, scope, span);
        }
        if !table.is_users {
            return self.unsupported(span, "a value of `segment_members` is");
        }
        let columns = self.columns_of(&table, span);
        let inner = scope.inside(&table.alias, Some(&columns)).at(Place::User);
        let Some(selected) = selected(select) else {
            return self.report(Diagnostic::error(Code::NotOneRow, span, "a scalar subquery selects one value"));
        };
        let held = self.held(&table, false, query, select, scope, &inner, span);
        let (held, value) = (held?, self.expression(selected, &inner)?);
        // That is NULL anyway while nothing is known.
        let known = held.kind == ExprKind::OfUser(UserColumn::Known);
        if known && matches!(value.kind, ExprKind::OfUser(_) | ExprKind::Path { .. }) && value.reads_user() {
            return Some(value);
        }
        let sql_type = value.sql_type;
        self.node(ExprKind::Case { branches: vec![(held, value)], otherwise: None }, sql_type, span)
    }

    /// `(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment IN ('a', 'b'))`:
    /// one for each segment that the user is in, or for the row in `users`.
    fn rows_of_user(
        &mut self,
        table: &UserTable,
        query: &Query,
        select: &Select,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let columns = self.columns_of(table, span);
        let inner = scope.inside(&table.alias, Some(&columns)).at(Place::User);
        let held = self.held(table, false, query, select, scope, &inner, span)?;
        let mut rows = match held.kind {
            ExprKind::Or(rows) => rows,
            ExprKind::InSegment(_) => vec![held],
            _ if table.is_users => vec![held],
            _ => return self.unsupported(span, "a count of segments with another condition is"),
        };
        rows.sort_by(|left, right| tag_of(left).cmp(&tag_of(right)));
        rows.dedup_by(|left, right| tag_of(left).is_some() && tag_of(left) == tag_of(right));
        let mut total = None;
        for row in rows {
            let number =
                |value| Expr { kind: ExprKind::Literal(Value::Integer(value)), sql_type: SqlType::Integer, span };
            let kind = ExprKind::Case { branches: vec![(row, number(1))], otherwise: Some(Box::new(number(0))) };
            let one = self.node(kind, SqlType::Integer, span)?;
            total = Some(match total {
                None => one,
                Some(sum) => {
                    let kind =
                        ExprKind::Arithmetic { op: ArithmeticOp::Add, left: Box::new(sum), right: Box::new(one) };
                    self.node(kind, SqlType::Integer, span)?
                }
            });
        }
        total
    }

    fn columns_of(&mut self, table: &UserTable, span: Span) -> Derived {
        let column = |name: &str, kind, sql_type| (name.to_owned(), Some(Expr { kind, sql_type, span }));
        let of_user = |name, of: UserColumn| column(name, ExprKind::OfUser(of), of.sql_type());
        let mut columns = vec![column("user_id", ExprKind::Column(Column::UserId), SqlType::Integer)];
        if table.is_users {
            columns.extend([of_user("created_at", UserColumn::CreatedAt), of_user("traits", UserColumn::Traits)]);
        } else {
            // Compared with a tag it is looked at apart; anywhere else its problem is reported there.
            columns.push((SEGMENT.to_owned(), None));
        }
        Derived::of_user(columns)
    }

    /// There is such a row, and its conditions hold: never NULL.
    #[expect(clippy::too_many_arguments, reason = "the parts of one form of the language")]
    fn held(
        &mut self,
        table: &UserTable,
        by_user: bool,
        query: &Query,
        select: &Select,
        scope: &Scope<'_>,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        self.ungrouped_user(select, span)?;
        let written = select.selection.iter().flat_map(|selection| operands(selection, &BinaryOperator::And));
        let (ties, mut parts): (Vec<_>, Vec<_>) = written.partition(|part| self.ties_user(part, inner));
        if ties.is_empty() && !by_user {
            return self.cross_user(query, &table.alias, scope);
        }
        let row = if table.is_users {
            self.node(ExprKind::OfUser(UserColumn::Known), SqlType::Boolean, span)?
        } else {
            let Some(at) = parts.iter().position(|part| tags(part).is_some()) else {
                let message = "say which segments: `segment = 'loyal'` or `segment IN ('loyal', 'new')`";
                return self.report(Diagnostic::error(Code::Unsupported, span, message));
            };
            let tags = tags(parts.remove(at)).unwrap_or_default();
            let of_tag = |tag| Expr { kind: ExprKind::InSegment(tag), sql_type: SqlType::Boolean, span };
            self.charge(tags.len() + 1, span)?;
            Expr::or(tags.into_iter().map(of_tag).collect(), span)
        };
        let others: Vec<Option<Expr>> = parts.into_iter().map(|part| self.of_user_condition(part, inner)).collect();
        let others = others.into_iter().collect::<Option<Vec<_>>>()?;
        if others.is_empty() {
            return Some(row);
        }
        self.charge(1, span)?;
        let all = Expr::and([row].into_iter().chain(others).collect(), span);
        self.certainly(all, span)
    }

    fn of_user_condition(&mut self, part: &ast::Expr, inner: &Scope<'_>) -> Option<Expr> {
        if tags(part).is_some() || names_segment(part) {
            let at = self.tokens.span_of(part);
            return self.unsupported(at, "any condition on `segment` but one `segment = '…'` or `segment IN ('…')` is");
        }
        self.condition(part, inner)
    }

    fn ties_user(&self, part: &ast::Expr, inner: &Scope<'_>) -> bool {
        let ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = unwrapped(part) else { return false };
        let owners = (self.owns_user_id(left, inner), self.owns_user_id(right, inner));
        matches!(owners, (Some(Owner::Here), Some(Owner::Outer(_))) | (Some(Owner::Outer(_)), Some(Owner::Here)))
    }

    fn ungrouped_user(&mut self, select: &Select, span: Span) -> Option<()> {
        let grouped = !matches!(&select.group_by, ast::GroupByExpr::Expressions(by, _) if by.is_empty());
        if grouped || select.having.is_some() {
            return self.unsupported(span, "GROUP BY or HAVING over `users` or `segment_members` is");
        }
        Some(())
    }

    /// `'loyal' IN (SELECT segment FROM segment_members m WHERE m.user_id = events.user_id)`.
    fn tag_among_segments(
        &mut self,
        value: &ast::Expr,
        query: &Query,
        select: &Select,
        scope: &Scope<'_>,
        inner: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let written = select.selection.iter().flat_map(|selection| operands(selection, &BinaryOperator::And));
        let (ties, others): (Vec<_>, Vec<_>) = written.partition(|part| self.ties_user(part, inner));
        if ties.is_empty() {
            return self.cross_user(query, inner.alias, scope);
        }
        match text(value) {
            Some(tag) if others.is_empty() => self.node(ExprKind::InSegment(tag), SqlType::Boolean, span),
            _ => self.unsupported(span, "anything but a constant tag among a user's segments is"),
        }
    }
}

fn tag_of(row: &Expr) -> Option<&str> {
    if let ExprKind::InSegment(tag) = &row.kind { Some(tag) } else { None }
}

/// Whether all that is selected is `count(*)`.
fn counts_rows(select: &Select) -> bool {
    is_one_aggregate(select)
        && selected(select).is_some_and(|selected| {
            matches!(unwrapped(selected).to_string().as_str(), "count(*)" | "COUNT(*)" | "count(1)" | "COUNT(1)")
        })
}

/// Returns the tags of `segment = 'a'`, `segment IN ('a', 'b')`, or several of these joined by OR.
pub(super) fn tags(part: &ast::Expr) -> Option<Vec<String>> {
    match unwrapped(part) {
        ast::Expr::BinaryOp { op: BinaryOperator::Or, .. } => {
            let each = operands(part, &BinaryOperator::Or).into_iter().map(tags).collect::<Option<Vec<_>>>()?;
            Some(each.concat())
        }
        ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => match (is_segment(left), is_segment(right)) {
            (true, false) => Some(vec![text(right)?]),
            (false, true) => Some(vec![text(left)?]),
            _ => None,
        },
        ast::Expr::InList { expr, list, negated: false } if is_segment(expr) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn is_segment(parsed: &ast::Expr) -> bool {
    named(unwrapped(parsed)).is_some_and(|(_, name)| name == SEGMENT)
}

/// Whether a part is a condition on `segment` of another form.
fn names_segment(part: &ast::Expr) -> bool {
    match unwrapped(part) {
        ast::Expr::BinaryOp { left, right, .. } => names_segment(left) || names_segment(right),
        ast::Expr::InList { expr, .. } | ast::Expr::Like { expr, .. } | ast::Expr::UnaryOp { expr, .. } => {
            names_segment(expr)
        }
        ast::Expr::IsNull(inner) | ast::Expr::IsNotNull(inner) => names_segment(inner),
        other => is_segment(other),
    }
}

fn text(parsed: &ast::Expr) -> Option<String> {
    match unwrapped(parsed) {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}
