//! Operators: comparisons, tests for NULL and truth, arithmetic, and their normal forms.

use sqlparser::ast::{self, BinaryOperator, UnaryOperator};

use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::possible::can_be_null;
use crate::compile::scope::Scope;
use crate::compile::typing;
use crate::rule::{ArithmeticOp, CastType, Comparison, ScalarFunction};
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

pub(super) fn arithmetic(op: &BinaryOperator) -> Option<ArithmeticOp> {
    match op {
        BinaryOperator::Plus => Some(ArithmeticOp::Add),
        BinaryOperator::Minus => Some(ArithmeticOp::Subtract),
        BinaryOperator::Multiply => Some(ArithmeticOp::Multiply),
        BinaryOperator::Divide => Some(ArithmeticOp::Divide),
        BinaryOperator::Modulo => Some(ArithmeticOp::Modulo),
        _ => None,
    }
}

impl Lowering<'_> {
    pub(super) fn not(&mut self, inner: Expr, span: Span) -> Option<Expr> {
        self.node(ExprKind::Not(Box::new(inner)), SqlType::Boolean, span)
    }

    pub(super) fn not_if(&mut self, negated: bool, inner: Expr, span: Span) -> Option<Expr> {
        if negated { self.not(inner, span) } else { Some(inner) }
    }

    fn both(&mut self, left: &ast::Expr, right: &ast::Expr, scope: &Scope<'_>) -> Option<(Expr, Expr)> {
        let (left, right) = (self.expression(left, scope), self.expression(right, scope));
        left.zip(right)
    }

    pub(super) fn comparison(
        &mut self,
        op: Comparison,
        left: &ast::Expr,
        right: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let (left, right) = self.both(left, right, scope)?;
        let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
        let (left, right) = self.pair(left, right, equality, span)?;
        self.compare(op, left, right, span)
    }

    fn compare(&mut self, op: Comparison, left: Expr, right: Expr, span: Span) -> Option<Expr> {
        let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
        self.node(kind, SqlType::Boolean, span)
    }

    /// `a BETWEEN b AND c` is `a >= b AND a <= c`.
    pub(super) fn between(
        &mut self,
        value: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let mut parts = self.expressions([value, low, high], scope)?.into_iter();
        let (value, low, high) = (parts.next()?, parts.next()?, parts.next()?);
        let again = self.copy(&value)?;
        let (value, low) = self.pair(value, low, false, span)?;
        let (again, high) = self.pair(again, high, false, span)?;
        let least = self.compare(Comparison::GreaterOrEqual, value, low, span)?;
        let most = self.compare(Comparison::LessOrEqual, again, high, span)?;
        self.charge(1, span)?;
        Some(Expr::and(vec![least, most], span))
    }

    pub(super) fn in_list(
        &mut self,
        value: &ast::Expr,
        list: &[ast::Expr],
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let all = self.expressions([value].into_iter().chain(list), scope)?;
        let mut all = self.compared(all, true, span)?.into_iter();
        let value = all.next()?;
        let list: Vec<Expr> = all.collect();
        // Printed, `IN ((SELECT …), …)` would be read as IN a subquery; and `now()` stands in comparisons only.
        if list.iter().any(|entry| entry.holds_aggregate() || is_of_now(entry)) || is_of_now(&value) {
            return self.any_of(&value, list, span);
        }
        self.node(ExprKind::InList { value: Box::new(value), list }, SqlType::Boolean, span)
    }

    /// `x IN (a, b)` is `x = a OR x = b`.
    fn any_of(&mut self, value: &Expr, list: Vec<Expr>, span: Span) -> Option<Expr> {
        let mut parts = Vec::new();
        for entry in list {
            let value = self.copy(value)?;
            parts.push(self.compare(Comparison::Equal, value, entry, span)?);
        }
        self.charge(1, span)?;
        Some(Expr::or(parts, span))
    }

    pub(super) fn like(
        &mut self,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let (value, pattern) = self.both(value, pattern, scope)?;
        let escape = match escape {
            Some(escape) => Some(self.escape_character(escape)?),
            None => None,
        };
        let value = self.variant_as(value, CastType::Text)?;
        let value = self.demand(value, "a text", |found| found == SqlType::Text)?;
        match constant_text(&pattern) {
            Some(text) => {
                let Some(pattern) = with_backslashes(&text, escape.unwrap_or('\\')) else {
                    let what = "an escape before anything but `%` and `_` in a LIKE pattern is";
                    return self.unsupported(pattern.span, what);
                };
                let value = Box::new(value);
                self.node(ExprKind::Like { value, pattern }, SqlType::Boolean, span)
            }
            _ if !matches!(pattern.sql_type, SqlType::Text | SqlType::Null) => {
                self.demand(pattern, "a text", |found| found == SqlType::Text)
            }
            _ => self.unsupported(pattern.span, "a LIKE pattern that is not a constant text is"),
        }
    }

    fn escape_character(&mut self, escape: &ast::Expr) -> Option<char> {
        let span = self.tokens.span_of(escape);
        let one = match escape {
            ast::Expr::Value(value) => match &value.value {
                ast::Value::SingleQuotedString(text) => text.chars().next().filter(|one| text.len() == one.len_utf8()),
                _ => None,
            },
            _ => None,
        };
        match one.filter(|one| !['%', '_'].contains(one)) {
            Some(one) => Some(one),
            None => {
                let message = "an escape is one character, and no wildcard";
                self.report(Diagnostic::error(Code::InvalidLiteral, span, message))
            }
        }
    }

    /// Everything that begins with IS.
    pub(super) fn test(&mut self, parsed: &ast::Expr, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        match parsed {
            ast::Expr::IsNull(inner) => self.is_null(inner, scope, span),
            ast::Expr::IsNotNull(inner) => {
                let null = self.is_null(inner, scope, span)?;
                self.not(null, span)
            }
            ast::Expr::IsUnknown(inner) => {
                let inner = self.condition(inner, scope)?;
                self.node(ExprKind::IsNull(Box::new(inner)), SqlType::Boolean, span)
            }
            ast::Expr::IsNotUnknown(inner) => {
                let inner = self.condition(inner, scope)?;
                let null = self.node(ExprKind::IsNull(Box::new(inner)), SqlType::Boolean, span)?;
                self.not(null, span)
            }
            ast::Expr::IsTrue(inner) => self.is_true(inner, scope, span),
            ast::Expr::IsNotTrue(inner) => {
                let truth = self.is_true(inner, scope, span)?;
                self.not(truth, span)
            }
            ast::Expr::IsFalse(inner) => self.is_false(inner, scope, span),
            ast::Expr::IsNotFalse(inner) => {
                let falsehood = self.is_false(inner, scope, span)?;
                self.not(falsehood, span)
            }
            ast::Expr::IsNotDistinctFrom(left, right) => self.same(left, right, scope, span),
            ast::Expr::IsDistinctFrom(left, right) => {
                let same = self.same(left, right, scope, span)?;
                self.not(same, span)
            }
            _ => None,
        }
    }

    fn is_null(&mut self, inner: &ast::Expr, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let inner = self.expression(inner, scope)?;
        self.node(ExprKind::IsNull(Box::new(inner)), SqlType::Boolean, span)
    }

    fn is_true(&mut self, inner: &ast::Expr, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let inner = self.condition(inner, scope)?;
        self.node(ExprKind::IsTrue(Box::new(inner)), SqlType::Boolean, span)
    }

    /// `x IS FALSE` is `NOT x IS TRUE`, read as `(NOT x) IS TRUE`.
    fn is_false(&mut self, inner: &ast::Expr, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let inner = self.condition(inner, scope)?;
        let opposite = self.not(inner, span)?;
        self.node(ExprKind::IsTrue(Box::new(opposite)), SqlType::Boolean, span)
    }

    fn same(&mut self, left: &ast::Expr, right: &ast::Expr, scope: &Scope<'_>, span: Span) -> Option<Expr> {
        let (left, right) = self.both(left, right, scope)?;
        let (left, right) = self.pair(left, right, true, span)?;
        // `now()` is never NULL, and stands in comparisons only.
        if [&left, &right].into_iter().any(|side| is_of_now(side) && !can_be_null(side)) {
            let certain = !can_be_null(&left) && !can_be_null(&right);
            let equal = self.compare(Comparison::Equal, left, right, span)?;
            return if certain {
                Some(equal)
            } else {
                self.node(ExprKind::IsTrue(Box::new(equal)), SqlType::Boolean, span)
            };
        }
        self.node(ExprKind::IsNotDistinct(Box::new(left), Box::new(right)), SqlType::Boolean, span)
    }

    pub(super) fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        left: &ast::Expr,
        right: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let (left, right) = self.both(left, right, scope)?;
        if let Some(micros) = interval_sum(op, &left, &right) {
            return self.interval_of(micros, span);
        }
        // The interval goes to the right, so that a shifted time has one form.
        let swap = op == ArithmeticOp::Add && left.sql_type == SqlType::Interval;
        let (left, right) = if swap { (right, left) } else { (left, right) };
        let (left, right) = (self.variant_as(left, CastType::Double)?, self.variant_as(right, CastType::Double)?);
        // A day that is shifted is shifted from its midnight.
        let left = if right.sql_type == SqlType::Interval { self.midnight(left)? } else { left };
        match typing::arithmetic(op, left.sql_type, right.sql_type) {
            Some(sql_type) => {
                let kind = ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) };
                self.node(kind, sql_type, span)
            }
            None => self.no_arithmetic(op, &left, &right, span),
        }
    }

    fn no_arithmetic(&mut self, op: ArithmeticOp, left: &Expr, right: &Expr, span: Span) -> Option<Expr> {
        if (op, left.sql_type, right.sql_type) == (ArithmeticOp::Subtract, SqlType::Timestamp, SqlType::Timestamp) {
            let problem =
                Diagnostic::error(Code::Unsupported, span, "the difference of two times is not supported yet");
            return self
                .report(problem.with_hint("move one to the other side: `created_at >= now() - INTERVAL 7 DAY`"));
        }
        let is_time = |side: &Expr| matches!(side.sql_type, SqlType::Timestamp | SqlType::Date);
        let shifts = (is_time(left) && typing::is_number(right.sql_type))
            || (is_time(right) && typing::is_number(left.sql_type));
        let (left, right) = (typing::name(left.sql_type), typing::name(right.sql_type));
        let message = format!("`{}` does not take {left} and {right}", op.as_str());
        let problem = Diagnostic::error(Code::TypeMismatch, span, message);
        self.report(if shifts {
            problem.with_hint("a length of time is written as `INTERVAL 30 DAY`")
        } else {
            problem
        })
    }

    pub(super) fn concatenation(
        &mut self,
        left: &ast::Expr,
        right: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let (left, right) = self.both(left, right, scope)?;
        let (left, right) = (self.variant_as(left, CastType::Text)?, self.variant_as(right, CastType::Text)?);
        let text = |found| found == SqlType::Text;
        let (left, right) = (self.demand(left, "a text", text), self.demand(right, "a text", text));
        let kind = ExprKind::Function { function: ScalarFunction::Concat, arguments: vec![left?, right?] };
        self.node(kind, SqlType::Text, span)
    }

    /// A sign; before a constant it is part of the constant.
    pub(super) fn signed(
        &mut self,
        op: UnaryOperator,
        inner: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        if !matches!(op, UnaryOperator::Minus | UnaryOperator::Plus) {
            return self.unsupported(span, &format!("the operator `{op}` is"));
        }
        if let (UnaryOperator::Minus, ast::Expr::Value(value)) = (op, unwrapped(inner))
            && let ast::Value::Number(digits, false) = &value.value
        {
            return self.number(&format!("-{digits}"), span);
        }
        let signed = |found| typing::is_number(found) || found == SqlType::Interval;
        let inner = self.expression(inner, scope)?;
        let inner = self.variant_as(inner, CastType::Double)?;
        let inner = self.demand(inner, "a number", signed)?;
        match (op, &inner.kind) {
            (UnaryOperator::Plus, _) => Some(inner),
            (_, ExprKind::Literal(value)) => match negated(value) {
                Some(negative) => Some(Expr { kind: ExprKind::Literal(negative), span, ..inner }),
                None => self.out_of_range(span),
            },
            _ => {
                let sql_type = inner.sql_type;
                self.node(ExprKind::Negate(Box::new(inner)), sql_type, span)
            }
        }
    }
}

/// Returns whether a value is computed from `now()`, and not only a comparison or an aggregate in it.
fn is_of_now(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Now => true,
        ExprKind::Compare { .. } => false,
        _ => crate::plan::children(expr).into_iter().any(is_of_now),
    }
}

/// Returns the text that a constant is, or that several are together.
fn constant_text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Value::Text(text)) => Some(text.to_string()),
        ExprKind::Function { function: ScalarFunction::Concat, arguments } => {
            arguments.iter().map(constant_text).collect()
        }
        _ => None,
    }
}

/// The negative of a constant, if it has one.
fn negated(value: &Value) -> Option<Value> {
    match value {
        Value::Null => Some(Value::Null),
        Value::Integer(number) => number.checked_neg().map(Value::Integer),
        Value::Decimal(number) => schema::Decimal::new(-number.units(), number.scale()).map(Value::Decimal),
        Value::Double(number) => Some(Value::Double(-number)),
        Value::Interval(micros) => micros.checked_neg().map(Value::Interval),
        _ => None,
    }
}

/// Returns the pattern with a backslash for its escape character; `None` when anything but a
/// wildcard is escaped, or a backslash stands for itself.
fn with_backslashes(pattern: &str, escape: char) -> Option<String> {
    let mut written = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == escape {
            let escaped = characters.next().filter(|escaped| ['%', '_'].contains(escaped))?;
            written.extend(['\\', escaped]);
        } else if character == '\\' {
            return None;
        } else {
            written.push(character);
        }
    }
    Some(written)
}

/// `INTERVAL 1 DAY + INTERVAL 2 HOUR` is one constant.
fn interval_sum(op: ArithmeticOp, left: &Expr, right: &Expr) -> Option<Option<i64>> {
    let (ExprKind::Literal(Value::Interval(left)), ExprKind::Literal(Value::Interval(right))) =
        (&left.kind, &right.kind)
    else {
        return None;
    };
    match op {
        ArithmeticOp::Add => Some(left.checked_add(*right)),
        ArithmeticOp::Subtract => Some(left.checked_sub(*right)),
        _ => None,
    }
}
