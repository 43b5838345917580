//! From the parsed tree to the typed rule: the walk, and which node is whose business.
//!
//! Every arm that is not here is refused. A method that returns `None` has reported why; its caller
//! goes on with the other parts first, so that one run finds all problems.

use sqlparser::ast::{
    self, BinaryOperator, CaseWhen, CeilFloorKind, DateTimeField, NamedWindowDefinition, UnaryOperator,
};

use crate::compile::instead::instead_of;
use crate::compile::names;
use crate::compile::scope::{Owner, Place, Scope, folded, named};
use crate::compile::tokens::Tokens;
use crate::limits::{MAX_DEPTH, MAX_MADE_NODES};
use crate::rule::{Comparison, ScalarFunction};
use crate::{Code, Column, Diagnostic, Expr, ExprKind, Span, SqlType};

/// One run over one clause.
pub(super) struct Lowering<'t> {
    pub(super) tokens: &'t Tokens<'t>,
    diagnostics: Vec<Diagnostic>,
    /// What the WINDOW of the derived table that is being lowered gives names.
    pub(super) windows: Vec<NamedWindowDefinition>,
    depth: usize,
    nodes: usize,
}

impl<'t> Lowering<'t> {
    pub(super) fn new(tokens: &'t Tokens<'t>) -> Self {
        Self { tokens, diagnostics: Vec::new(), windows: Vec::new(), depth: 0, nodes: 0 }
    }

    /// Begins a run over another text that stands in place of a part of this one.
    pub(super) fn over_text<'o>(&self, tokens: &'o Tokens<'o>) -> Lowering<'o> {
        let (depth, nodes) = (self.depth, self.nodes);
        Lowering { tokens, diagnostics: Vec::new(), windows: Vec::new(), depth, nodes }
    }

    /// Returns how many nodes were made.
    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    /// Counts nodes as made up to so many.
    pub(super) fn made(&mut self, nodes: usize) {
        self.nodes = self.nodes.max(nodes);
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// Lowers the whole clause.
    pub(super) fn clause(&mut self, parsed: &ast::Expr) -> Option<Expr> {
        let expr = self.expression(parsed, &Scope::CLAUSE)?;
        self.boolean(expr)
    }

    /// Adds a problem; `None`, for the caller to return.
    pub(super) fn report<T>(&mut self, problem: Diagnostic) -> Option<T> {
        self.diagnostics.push(problem);
        None
    }

    /// Adds what is worth knowing.
    pub(super) fn inform(&mut self, notice: Diagnostic) {
        self.diagnostics.push(notice);
    }

    /// Refuses a part of SQL that is not in the language so far.
    pub(super) fn unsupported<T>(&mut self, span: Span, what: &str) -> Option<T> {
        let problem = Diagnostic::error(Code::Unsupported, span, format!("{what} not supported yet"));
        self.report(match instead_of(what) {
            Some(instead) => problem.with_hint(instead),
            None => problem,
        })
    }

    /// Makes a node.
    pub(super) fn node(&mut self, kind: ExprKind, sql_type: SqlType, span: Span) -> Option<Expr> {
        self.charge(1, span)?;
        Some(Expr { kind, sql_type, span })
    }

    /// Copies a part that the normal form has twice.
    pub(super) fn copy(&mut self, expr: &Expr) -> Option<Expr> {
        self.charge(expr.node_count(), expr.span)?;
        Some(expr.clone())
    }

    /// Counts nodes as they are made, so that what doubles cannot outgrow memory before the end.
    pub(super) fn charge(&mut self, nodes: usize, span: Span) -> Option<()> {
        let before = self.nodes;
        self.nodes = before.saturating_add(nodes);
        if self.nodes <= MAX_MADE_NODES {
            return Some(());
        }
        if before <= MAX_MADE_NODES {
            self.report::<()>(super::bounds::too_many_nodes(span));
        }
        None
    }

    /// Lowers an expression at its place.
    pub(super) fn expression(&mut self, parsed: &ast::Expr, scope: &Scope<'_>) -> Option<Expr> {
        let parsed = unwrapped(parsed);
        if self.depth >= MAX_DEPTH || self.nodes > MAX_MADE_NODES {
            return self.past_the_limits(parsed);
        }
        if let Place::Grouped(groups) = scope.place
            && let Some(key) = groups.key(parsed)
        {
            return self.copy(key);
        }
        // A subquery and what it selects are one node.
        let level = usize::from(!matches!(parsed, ast::Expr::Subquery(_)));
        self.depth += level;
        let lowered = self.dispatch(parsed, scope);
        self.depth -= level;
        lowered
    }

    /// Says once that it is too much.
    fn past_the_limits(&mut self, parsed: &ast::Expr) -> Option<Expr> {
        if self.diagnostics.iter().any(|problem| problem.code == Code::Limits) {
            return None;
        }
        let span = self.tokens.span_of(parsed);
        self.report(super::bounds::too_deep(span))
    }

    /// Lowers a condition at its place.
    pub(super) fn condition(&mut self, parsed: &ast::Expr, scope: &Scope<'_>) -> Option<Expr> {
        let expr = self.expression(parsed, scope)?;
        self.boolean(expr)
    }

    /// Lowers several expressions; every one, so that every problem is reported.
    pub(super) fn expressions<'a>(
        &mut self,
        parsed: impl IntoIterator<Item = &'a ast::Expr>,
        scope: &Scope<'_>,
    ) -> Option<Vec<Expr>> {
        let done: Vec<Option<Expr>> = parsed.into_iter().map(|part| self.expression(part, scope)).collect();
        done.into_iter().collect()
    }

    fn dispatch(&mut self, parsed: &ast::Expr, scope: &Scope<'_>) -> Option<Expr> {
        let span = self.tokens.span_of(parsed);
        match parsed {
            ast::Expr::Identifier(_) | ast::Expr::CompoundIdentifier(_) => self.column(parsed, scope),
            ast::Expr::Value(value) => self.literal(&value.value, span),
            ast::Expr::TypedString(string) => self.typed_string(string, span),
            ast::Expr::Interval(interval) => self.interval(interval, span),
            ast::Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                let inner = self.condition(expr, scope)?;
                self.not(inner, span)
            }
            ast::Expr::UnaryOp { op, expr } => self.signed(*op, expr, scope, span),
            ast::Expr::BinaryOp { left, op, right } => self.binary(parsed, left, op, right, scope, span),
            ast::Expr::IsNull(_)
            | ast::Expr::IsNotNull(_)
            | ast::Expr::IsTrue(_)
            | ast::Expr::IsNotTrue(_)
            | ast::Expr::IsFalse(_)
            | ast::Expr::IsNotFalse(_)
            | ast::Expr::IsUnknown(_)
            | ast::Expr::IsNotUnknown(_)
            | ast::Expr::IsDistinctFrom(..)
            | ast::Expr::IsNotDistinctFrom(..) => self.test(parsed, scope, span),
            ast::Expr::InList { expr, list, negated } => {
                let found = self.in_list(expr, list, scope, span)?;
                self.not_if(*negated, found, span)
            }
            ast::Expr::Between { expr, low, high, negated } => {
                let between = self.between(expr, low, high, scope, span)?;
                self.not_if(*negated, between, span)
            }
            ast::Expr::Like { expr, pattern, negated, any: false, escape_char } => {
                let like = self.like(expr, pattern, escape_char.as_deref(), scope, span)?;
                self.not_if(*negated, like, span)
            }
            ast::Expr::Cast { expr, data_type, format: None, .. } => self.cast(expr, data_type, scope, span),
            ast::Expr::CompoundFieldAccess { root, access_chain } => self.field_access(root, access_chain, scope, span),
            ast::Expr::JsonAccess { value, path } => self.json_access(value, &path.path, scope, span),
            ast::Expr::Extract { field, expr, .. } => self.extract(field, expr, scope, span),
            ast::Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.one_number(ScalarFunction::Ceil, expr, scope, span)
            }
            ast::Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.one_number(ScalarFunction::Floor, expr, scope, span)
            }
            ast::Expr::Substring { expr, substring_from: Some(start), substring_for, .. } => {
                self.substring(expr, start, substring_for.as_deref(), scope, span)
            }
            ast::Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), scope, span)
            }
            ast::Expr::Function(function) => self.call(function, scope, span),
            ast::Expr::Trim { expr, trim_where: None, trim_what: None, trim_characters: None } => {
                self.trim(expr, scope, span)
            }
            ast::Expr::Exists { subquery, negated } => {
                let exists = match self.inlined(subquery) {
                    Some(query) => self.instead(&format!("EXISTS ({query})"), scope, span)?,
                    None => self.exists(subquery, scope, span)?,
                };
                self.not_if(*negated, exists, span)
            }
            ast::Expr::InSubquery { expr, subquery, negated } => {
                let found = match self.inlined(subquery) {
                    Some(query) => self.instead(&format!("{expr} IN ({query})"), scope, span)?,
                    None => self.in_subquery(expr, subquery, scope, span)?,
                };
                self.not_if(*negated, found, span)
            }
            ast::Expr::Subquery(query) => match self.inlined(query) {
                Some(query) => self.instead(&format!("({query})"), scope, span),
                None => self.scalar_subquery(query, scope, span),
            },
            other => self.unknown_form(other, span),
        }
    }

    /// Lowers a column of one of the rows in sight.
    pub(super) fn column(&mut self, parsed: &ast::Expr, scope: &Scope<'_>) -> Option<Expr> {
        let span = self.tokens.span_of(parsed);
        let Some((qualifier, name)) = named(parsed) else {
            let message = "tables have no database or schema here";
            return self.report(Diagnostic::error(Code::UnknownTable, span, message));
        };
        if scope.joined && qualifier.is_none() {
            return self.which_table(&name, scope.alias, span);
        }
        if let (Some(pairs), Some(qualifier)) = (scope.pairs, &qualifier)
            && pairs.has_beside(qualifier)
        {
            if pairs.shares_user(qualifier, &name) {
                return self.node(ExprKind::Column(Column::UserId), SqlType::Integer, span);
            }
            if !pairs.whole || pairs.is_user(qualifier, &name) {
                return self.ungrouped(&format!("{qualifier}.{name}"), span);
            }
        }
        let Some((owner, found)) = scope.find(qualifier.as_deref(), &name) else {
            let at = match parsed {
                ast::Expr::CompoundIdentifier(parts) if !parts.is_empty() => self.tokens.span_at(parts[0].span),
                _ => span,
            };
            return self.unknown_alias(&qualifier.unwrap_or_default(), at, scope);
        };
        let is_of_events = qualifier.is_none() && found.derived.is_none();
        if let Some(problem) = is_of_events.then(|| unknown_here(&name, scope, span)).flatten() {
            return self.report(problem);
        }
        let own = self.column_of(&found, parsed, &name, span)?;
        match (owner, found.place) {
            (Owner::Outer(_), _) if own.kind == ExprKind::Column(Column::UserId) => {
                return self.loose_correlation(span);
            }
            (_, Place::Group { .. }) if own.kind != ExprKind::Column(Column::UserId) => {
                return self.ungrouped(&name, span);
            }
            (_, Place::Grouped(groups)) if !groups.share(&own.raised(found.behind)) => {
                return self.ungrouped(&name, span);
            }
            (_, Place::Selected { .. }) => return self.more_than_one_row(span),
            _ => {}
        }
        let distance = if let Owner::Outer(distance) = owner { distance } else { 0 };
        self.charge(own.node_count(), span)?;
        Some(Expr { span, ..own.raised(distance) })
    }

    /// Returns a column over its own row.
    fn column_of(&mut self, scope: &Scope<'_>, parsed: &ast::Expr, name: &str, span: Span) -> Option<Expr> {
        let ident = match parsed {
            ast::Expr::CompoundIdentifier(parts) => parts.last()?,
            ast::Expr::Identifier(ident) => ident,
            _ => return None,
        };
        let at = self.tokens.span_at(ident.span);
        let Some(derived) = scope.derived else {
            let column = self.column_named(ident, at)?;
            return Some(Expr { kind: ExprKind::Column(column), sql_type: column.sql_type(), span });
        };
        match derived.column(name) {
            Some(column) => column.cloned(),
            None => {
                let message = format!("`{}` has no column `{}`", scope.alias, ident.value);
                let problem = Diagnostic::error(Code::UnknownColumn, at, message);
                self.report(match names::nearest(name, derived.names()) {
                    Some(near) => problem.with_hint(format!("did you mean `{near}`?")).with_replacement(near),
                    None => problem.with_hint(format!("it selects {}", derived.names().collect::<Vec<_>>().join(", "))),
                })
            }
        }
    }

    fn column_named(&mut self, ident: &ast::Ident, span: Span) -> Option<Column> {
        let name = folded(ident);
        if let Some(column) = Column::ALL.into_iter().find(|column| column.as_str() == name) {
            return Some(column);
        }
        let problem = Diagnostic::error(Code::UnknownColumn, span, format!("`events` has no column `{}`", ident.value));
        if ident.quote_style == Some('"') {
            let text = format!("'{}'", ident.value.replace('\'', "''"));
            return self.report(problem.with_hint("a text stands in single quotes").with_replacement(text));
        }
        if let Some(hint) = elsewhere(&name) {
            return self.report(problem.with_hint(hint));
        }
        self.report(match names::nearest(&name, Column::ALL.map(Column::as_str)) {
            Some(near) => problem.with_hint(format!("did you mean `{near}`?")).with_replacement(near),
            None => problem.with_hint(format!("its columns are {}", Column::ALL.map(Column::as_str).join(", "))),
        })
    }

    pub(super) fn unknown_alias(&mut self, qualifier: &str, span: Span, scope: &Scope<'_>) -> Option<Expr> {
        let problem = Diagnostic::error(Code::UnknownTable, span, format!("no table is called `{qualifier}` here"));
        if qualifier == "payload" {
            return self.report(problem.with_hint("the payload is read by `payload['k']` or `payload:k`"));
        }
        let aliases = scope.aliases();
        let near = names::nearest(qualifier, aliases.iter().copied());
        self.report(match near {
            Some(near) => problem.with_replacement(near),
            None => problem.with_hint(format!("in sight are {}", aliases.join(", "))),
        })
    }

    fn loose_correlation(&mut self, span: Span) -> Option<Expr> {
        let message = "the subquery may reach events of other users: `user_id` does not tie it to this one here";
        let problem = Diagnostic::error(Code::CrossUserSubquery, span, message);
        self.report(problem.with_hint("write `e.user_id = events.user_id` on its own, joined to the rest by AND"))
    }

    fn which_table(&mut self, name: &str, alias: &str, span: Span) -> Option<Expr> {
        let message = format!("`{name}` could be a column of any of the joined tables");
        let problem = Diagnostic::error(Code::UnknownColumn, span, message);
        self.report(problem.with_hint(format!("say of which one, such as `{alias}.{name}`")))
    }

    pub(super) fn more_than_one_row<T>(&mut self, span: Span) -> Option<T> {
        let problem = Diagnostic::error(Code::NotOneRow, span, "the subquery may return more than one row");
        self.report(problem.with_hint("select an aggregate, such as `max(…)` or `arg_max(…, created_at)`"))
    }

    fn ungrouped(&mut self, column: &str, span: Span) -> Option<Expr> {
        let message = format!("`{column}` differs between the events of the group");
        let problem = Diagnostic::error(Code::MisplacedAggregate, span, message);
        self.report(
            problem.with_hint(format!("aggregate it, such as `max({column})`, or put the condition into WHERE")),
        )
    }

    fn binary(
        &mut self,
        parsed: &ast::Expr,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        match op {
            BinaryOperator::And | BinaryOperator::Or => self.chain(parsed, op, scope, span),
            BinaryOperator::StringConcat => self.concatenation(left, right, scope, span),
            BinaryOperator::Arrow | BinaryOperator::LongArrow => self.arrow(left, op, right, scope, span),
            _ => match (comparison(op), super::operators::arithmetic(op)) {
                (Some(op), _) => self.comparison(op, left, right, scope, span),
                (_, Some(op)) => self.arithmetic(op, left, right, scope, span),
                _ => self.unsupported(span, &format!("the operator `{op}` is")),
            },
        }
    }

    fn chain(&mut self, parsed: &ast::Expr, op: &BinaryOperator, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let parts: Vec<Option<Expr>> =
            operands(parsed, op).into_iter().map(|part| self.condition(part, scope)).collect();
        let parts: Vec<Expr> = parts.into_iter().collect::<Option<_>>()?;
        self.charge(1, span)?;
        Some(if *op == BinaryOperator::And { Expr::and(parts, span) } else { Expr::or(parts, span) })
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&ast::Expr>,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let whens: Vec<Option<Expr>> = conditions
            .iter()
            .map(|when| match operand {
                Some(operand) => {
                    let at = self.tokens.span_of(&when.condition);
                    self.comparison(Comparison::Equal, operand, &when.condition, scope, at)
                }
                None => self.condition(&when.condition, scope),
            })
            .collect();
        let results = self.expressions(conditions.iter().map(|when| &when.result).chain(otherwise), scope);
        let whens: Vec<Expr> = whens.into_iter().collect::<Option<_>>()?;
        let (mut results, sql_type) = self.meet(results?, span)?;
        let otherwise = otherwise.and_then(|_| results.pop()).map(Box::new);
        let branches = whens.into_iter().zip(results).collect();
        self.node(ExprKind::Case { branches, otherwise }, sql_type, span)
    }

    fn unknown_form(&mut self, parsed: &ast::Expr, span: Span) -> Option<Expr> {
        let what = match parsed {
            ast::Expr::Cast { .. } | ast::Expr::Convert { .. } => "this form of CAST is",
            ast::Expr::Ceil { .. } => "ceil with a unit is",
            ast::Expr::Floor { .. } => "floor with a unit is",
            ast::Expr::Substring { .. } => "substr without a start is",
            ast::Expr::Position { .. } => "position is",
            ast::Expr::Trim { .. } => "TRIM with anything but a text is",
            ast::Expr::Like { .. } => "LIKE with ANY is",
            ast::Expr::ILike { .. } => "ILIKE is",
            ast::Expr::RLike { .. } | ast::Expr::SimilarTo { .. } => "a regular expression is",
            ast::Expr::AnyOp { .. } | ast::Expr::AllOp { .. } => "a comparison with ANY or ALL is",
            ast::Expr::Tuple(_) => "a comparison of rows is",
            ast::Expr::AtTimeZone { .. } => "AT TIME ZONE is",
            ast::Expr::Array(_) => "an array is",
            _ => "this form of expression is",
        };
        self.unsupported(span, what)
    }
}

/// Says that neither the table that is selected from nor `events` around it has a column.
fn unknown_here(name: &str, scope: &Scope<'_>, span: Span) -> Option<Diagnostic> {
    let derived = scope.derived?;
    if Column::ALL.iter().any(|column| column.as_str() == name) {
        return None;
    }
    let message = format!("neither `{}` nor `events` has a column `{name}`", scope.alias);
    let problem = Diagnostic::error(Code::UnknownColumn, span, message);
    let known = derived.names().chain(Column::ALL.map(Column::as_str));
    Some(match names::nearest(name, known) {
        Some(near) => problem.with_hint(format!("did you mean `{near}`?")).with_replacement(near),
        None => problem.with_hint(format!("`{}` has {}", scope.alias, derived.names().collect::<Vec<_>>().join(", "))),
    })
}

/// Says where a column of another table is asked for.
fn elsewhere(name: &str) -> Option<&'static str> {
    match name {
        "traits" => {
            Some("what is said of the user: `(SELECT traits['plan'] FROM users u WHERE u.user_id = events.user_id)`")
        }
        "segment" => Some("other segments: `user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')`"),
        _ => None,
    }
}

/// Takes the parentheses off.
pub(super) fn unwrapped(mut parsed: &ast::Expr) -> &ast::Expr {
    while let ast::Expr::Nested(inner) = parsed {
        parsed = inner;
    }
    parsed
}

/// Returns the parts of `a AND (b AND c) AND d`, in order. No recursion: chains have no depth limit.
pub(super) fn operands<'a>(parsed: &'a ast::Expr, op: &BinaryOperator) -> Vec<&'a ast::Expr> {
    let (mut waiting, mut parts) = (vec![parsed], Vec::new());
    while let Some(next) = waiting.pop() {
        match unwrapped(next) {
            ast::Expr::BinaryOp { left, op: found, right } if found == op => waiting.extend([&**right, &**left]),
            part => parts.push(part),
        }
    }
    parts
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    match op {
        BinaryOperator::Eq => Some(Comparison::Equal),
        BinaryOperator::NotEq => Some(Comparison::NotEqual),
        BinaryOperator::Lt => Some(Comparison::Less),
        BinaryOperator::LtEq => Some(Comparison::LessOrEqual),
        BinaryOperator::Gt => Some(Comparison::Greater),
        BinaryOperator::GtEq => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}
