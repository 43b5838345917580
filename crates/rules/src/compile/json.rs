//! Reading the payload: paths into it, and what its values become beside values of other types.
//!
//! A VARIANT beside a number is a DOUBLE, beside a truth value a BOOLEAN, beside a time a time, each by a
//! cast that is written into the rule. Beside a constant text `=` asks for that JSON string, as in
//! Databend; every other meeting with a text is between texts.

use sqlparser::ast::{self, AccessExpr, BinaryOperator, JsonPathElem, Subscript};

use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::scope::Scope;
use crate::compile::typing::{self, is_number};
use crate::rule::CastType;
use crate::{Code, Diagnostic, Expr, ExprKind, PathStep, Span, SqlType, Value};

impl Lowering<'_> {
    /// `payload['k'][0]`, `e.payload['k']`.
    pub(super) fn field_access(
        &mut self,
        root: &ast::Expr,
        chain: &[AccessExpr],
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        // A qualified column comes as a root with a dot.
        let (root, chain) = match (root, chain) {
            (ast::Expr::Identifier(table), [AccessExpr::Dot(ast::Expr::Identifier(column)), rest @ ..]) => {
                (ast::Expr::CompoundIdentifier(vec![table.clone(), column.clone()]), rest)
            }
            (root, chain) => (root.clone(), chain),
        };
        let steps: Option<Vec<PathStep>> = chain
            .iter()
            .map(|access| match access {
                AccessExpr::Subscript(Subscript::Index { index }) => self.step(index),
                AccessExpr::Dot(ast::Expr::Identifier(key)) => Some(PathStep::Key(key.value.clone())),
                _ => self.unsupported(span, "this way into the payload is"),
            })
            .collect();
        let value = self.expression(&root, scope)?;
        self.path(value, steps?, span)
    }

    /// `payload:k.n[0]`.
    pub(super) fn json_access(
        &mut self,
        value: &ast::Expr,
        path: &[JsonPathElem],
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let steps: Option<Vec<PathStep>> = path
            .iter()
            .map(|element| match element {
                JsonPathElem::Dot { key, .. } => Some(PathStep::Key(key.clone())),
                JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => self.step(key),
            })
            .collect();
        let value = self.expression(value, scope)?;
        self.path(value, steps?, span)
    }

    /// `payload->'k'`, and `payload->>'k'`, which is its text.
    pub(super) fn arrow(
        &mut self,
        value: &ast::Expr,
        op: &BinaryOperator,
        key: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let step = self.step(key);
        let value = self.expression(value, scope)?;
        let path = self.path(value, vec![step?], span)?;
        if *op == BinaryOperator::LongArrow { self.cast_to(path, CastType::Text, span) } else { Some(path) }
    }

    fn step(&mut self, key: &ast::Expr) -> Option<PathStep> {
        let step = match unwrapped(key) {
            ast::Expr::Value(value) => match &value.value {
                ast::Value::SingleQuotedString(key) => Some(PathStep::Key(key.clone())),
                ast::Value::Number(digits, false) => digits.parse().ok().map(PathStep::Index),
                _ => None,
            },
            _ => None,
        };
        let span = self.tokens.span_of(key);
        match step {
            Some(step) => Some(step),
            None => {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, "this is no key of a JSON value");
                self.report(problem.with_hint("a key is a constant text, an array's element a number from 0"))
            }
        }
    }

    fn path(&mut self, value: Expr, more: Vec<PathStep>, span: Span) -> Option<Expr> {
        if value.sql_type != SqlType::Variant {
            let message = format!("this is {}, which has no keys", typing::name(value.sql_type));
            let problem = Diagnostic::error(Code::TypeMismatch, value.span, message);
            return self.report(problem.with_hint("only the payload has: `payload['k']`"));
        }
        self.charge(more.len(), span)?;
        let (value, steps) = match value.kind {
            ExprKind::Path { value, steps } => (value, [steps, more].concat()),
            _ => (Box::new(value), more),
        };
        self.node(ExprKind::Path { value, steps }, SqlType::Variant, span)
    }

    /// Casts a VARIANT to what is needed here; others stay.
    pub(super) fn variant_as(&mut self, value: Expr, to: CastType) -> Option<Expr> {
        let span = value.span;
        if value.sql_type == SqlType::Variant { self.cast_to(value, to, span) } else { Some(value) }
    }

    /// Casts the VARIANTs among values that are compared with each other.
    pub(super) fn without_variants(&mut self, values: Vec<Expr>, equality: bool) -> Option<Vec<Expr>> {
        let Some(to) = beside_variants(&values, equality) else { return Some(values) };
        let cast: Vec<Option<Expr>> = values.into_iter().map(|value| self.variant_as(value, to)).collect();
        cast.into_iter().collect()
    }
}

/// Returns what the VARIANTs among compared values become; none if there are none, or they stay.
fn beside_variants(values: &[Expr], equality: bool) -> Option<CastType> {
    if values.iter().all(|value| value.sql_type != SqlType::Variant) {
        return None;
    }
    let others = || values.iter().filter(|value| !matches!(value.sql_type, SqlType::Variant | SqlType::Null));
    let constant_text = |value: &Expr| matches!(value.kind, ExprKind::Literal(Value::Text(_)));
    match others().next()?.sql_type {
        found if is_number(found) => Some(CastType::Double),
        SqlType::Boolean => Some(CastType::Boolean),
        SqlType::Timestamp => Some(CastType::Timestamp),
        SqlType::Date => Some(CastType::Date),
        SqlType::Text if equality && others().all(constant_text) => None,
        SqlType::Text => Some(CastType::Text),
        _ => None,
    }
}
