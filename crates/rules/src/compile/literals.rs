//! Constants: numbers, texts, truth values and timestamps.

use schema::Decimal;
use sqlparser::ast::{self, DataType, TimezoneInfo, TypedString};

use crate::compile::lower::Lowering;
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType, Value};

/// Escapes that the tokenizer and Databend read alike.
const KNOWN_ESCAPES: &str = "\\'\"ntr0b%_";

impl Lowering<'_> {
    pub(super) fn literal(&mut self, value: &ast::Value, span: Span) -> Option<Expr> {
        match value {
            ast::Value::Number(digits, false) => self.number(digits, span),
            ast::Value::SingleQuotedString(text) => self.text(text, span),
            ast::Value::Boolean(truth) => self.constant(Value::Boolean(*truth), SqlType::Boolean, span),
            ast::Value::Null => self.constant(Value::Null, SqlType::Null, span),
            ast::Value::Placeholder(_) => {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, "a clause has no parameters");
                self.report(problem.with_hint("write the value itself"))
            }
            _ => {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, "this form of constant is not known");
                self.report(problem.with_hint("write texts as 'text' and numbers as 12.5"))
            }
        }
    }

    pub(super) fn constant(&mut self, value: Value, sql_type: SqlType, span: Span) -> Option<Expr> {
        self.node(ExprKind::Literal(value), sql_type, span)
    }

    fn text(&mut self, text: &str, span: Span) -> Option<Expr> {
        let mut characters = self.tokens.slice(span).chars();
        while let Some(character) = characters.next() {
            if character == '\\' && !characters.next().is_some_and(|escaped| KNOWN_ESCAPES.contains(escaped)) {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, "a backslash begins an escape in a text");
                return self.report(problem.with_hint("write `\\\\` for a backslash"));
            }
        }
        self.constant(Value::Text(text.to_owned()), SqlType::Text, span)
    }

    /// A number keeps the digits behind its point, as they decide the digits of what is made from it.
    pub(super) fn number(&mut self, digits: &str, span: Span) -> Option<Expr> {
        if let Ok(whole) = digits.parse() {
            return self.constant(Value::Integer(whole), SqlType::Integer, span);
        }
        let written = digits.split(['e', 'E']).next().and_then(|mantissa| mantissa.split_once('.'));
        let behind = written.map_or(0, |(_, fraction)| u8::try_from(fraction.len()).unwrap_or(u8::MAX));
        let parsed = Decimal::parse(digits).ok();
        let parsed = parsed
            .and_then(|number| if digits.contains(['e', 'E']) { Some(number) } else { number.rescale_up(behind) });
        match parsed {
            Some(number) => self.decimal(number, span),
            None => self.out_of_range(span),
        }
    }

    fn decimal(&mut self, number: Decimal, span: Span) -> Option<Expr> {
        let whole = i64::try_from(number.units()).ok().filter(|_| number.scale() == 0);
        match whole {
            Some(whole) => self.constant(Value::Integer(whole), SqlType::Integer, span),
            None => self.constant(Value::Decimal(number), SqlType::Decimal { scale: number.scale() }, span),
        }
    }

    pub(super) fn out_of_range(&mut self, span: Span) -> Option<Expr> {
        let message = "a number has at most 38 digits";
        self.report(Diagnostic::error(Code::InvalidLiteral, span, message))
    }

    /// `TIMESTAMP '…'` and `DATE '…'`.
    pub(super) fn typed_string(&mut self, string: &TypedString, span: Span) -> Option<Expr> {
        let ast::Value::SingleQuotedString(text) = &string.value.value else {
            return self.unsupported(span, "a constant of this type is");
        };
        let at = self.tokens.span_at(string.value.span);
        match string.data_type {
            DataType::Timestamp(None, TimezoneInfo::None) => {
                let instant = self.instant(text, at)?;
                self.constant(Value::Timestamp(instant), SqlType::Timestamp, span)
            }
            DataType::Date => {
                let day = self.day(text, at)?;
                self.constant(Value::Date(day), SqlType::Date, span)
            }
            _ => self.unsupported(span, "a constant of this type is"),
        }
    }
}
