//! Which tokens a node of the parsed tree takes.
//!
//! The parser's own spans leave out parentheses, keywords and closing brackets. Here a node reaches
//! from its first token to its last, found from the places that the tree does keep and from the
//! brackets around them. Nodes that the language does not know keep the parser's rough span.

use sqlparser::ast::{CastKind, Expr, Function, FunctionArguments, Query, SetExpr, Spanned};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{self, Token};

use crate::Span;
use crate::compile::tokens::{Tokens, decode};

/// The first and the last token of a node.
type Extent = (usize, usize);

impl Tokens<'_> {
    /// Returns the bytes that an expression takes.
    pub(super) fn span_of(&self, expr: &Expr) -> Span {
        let (first, last) = self.extent(expr);
        self.span(first, last)
    }

    /// Returns the bytes between the parentheses of a subquery.
    pub(super) fn span_of_query(&self, query: &Query) -> Span {
        let (open, close) = self.around(self.query_start(query));
        self.span(open + 1, close.saturating_sub(1))
    }

    /// Returns the bytes of a GROUP BY, from its first word.
    pub(super) fn span_of_group_by(&self, by: &[Expr]) -> Span {
        let first = by.first().map_or(0, |part| self.first(part).saturating_sub(2));
        self.span(first, by.last().map_or(first, |part| self.last(part)))
    }

    /// Returns the bytes of a place that the parser kept.
    pub(super) fn span_at(&self, span: tokenizer::Span) -> Span {
        let (first, last) = self.kept(span);
        self.span(first, last)
    }

    fn extent(&self, expr: &Expr) -> Extent {
        match expr {
            Expr::Nested(inner) => self.parenthesised(self.extent(inner)),
            Expr::BinaryOp { .. } => (self.first(expr), self.last(expr)),
            Expr::UnaryOp { expr, .. } => {
                let (first, last) = self.extent(expr);
                (first.saturating_sub(1), last)
            }
            Expr::IsNull(inner) | Expr::IsTrue(inner) | Expr::IsFalse(inner) | Expr::IsUnknown(inner) => {
                self.followed(inner, 2)
            }
            Expr::IsNotNull(inner) | Expr::IsNotTrue(inner) | Expr::IsNotFalse(inner) | Expr::IsNotUnknown(inner) => {
                self.followed(inner, 3)
            }
            Expr::InList { expr, negated, .. } => {
                let (first, last) = self.extent(expr);
                (first, self.closing(last + 2 + usize::from(*negated)))
            }
            Expr::InSubquery { expr, subquery, .. } => (self.first(expr), self.around(self.query_start(subquery)).1),
            Expr::Between { expr, high, .. } => (self.first(expr), self.last(high)),
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                let bracket = usize::from(!matches!(**right, Expr::Subquery(_)));
                (self.first(left), self.last(right) + bracket)
            }
            Expr::RLike { expr, pattern, .. } | Expr::SimilarTo { expr, pattern, .. } => {
                (self.first(expr), self.last(pattern))
            }
            Expr::Array(array) if !array.elem.is_empty() => {
                self.parenthesised((self.first(&array.elem[0]), self.last(&array.elem[array.elem.len() - 1])))
            }
            Expr::Like { expr, pattern, escape_char, .. } | Expr::ILike { expr, pattern, escape_char, .. } => {
                (self.first(expr), self.last(escape_char.as_deref().unwrap_or(pattern)))
            }
            Expr::Subquery(query) => self.around(self.query_start(query)),
            Expr::Exists { subquery, negated } => {
                let (open, close) = self.around(self.query_start(subquery));
                (open.saturating_sub(1 + usize::from(*negated)), close)
            }
            Expr::Function(function) => self.function(function),
            Expr::Interval(interval) => {
                let (first, last) = self.extent(&interval.value);
                (first.saturating_sub(1), last + usize::from(interval.leading_field.is_some()))
            }
            Expr::TypedString(string) => {
                let (first, last) = self.kept(string.value.span);
                (first.saturating_sub(1), last)
            }
            Expr::Cast { kind: CastKind::DoubleColon, expr, .. } => {
                let (first, last) = self.followed(expr, 2);
                (first, if self.is(last + 1, &Token::LParen) { self.closing(last + 1) } else { last })
            }
            Expr::Cast { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Ceil { expr, .. }
            | Expr::Floor { expr, .. }
            | Expr::Position { expr, .. }
            | Expr::Substring { expr, .. }
            | Expr::Overlay { expr, .. }
            | Expr::Trim { expr, .. } => self.call_around(self.first(expr)),
            Expr::Tuple(parts) if !parts.is_empty() => self.around(self.first(&parts[0])),
            Expr::CompoundFieldAccess { root, .. } => self.path(self.extent(root)),
            Expr::JsonAccess { value, .. } => self.path(self.extent(value)),
            _ => self.kept(expr.span()),
        }
    }

    /// The first token; a loop, as chains of operators lean to the left without bound.
    fn first(&self, mut expr: &Expr) -> usize {
        while let Expr::BinaryOp { left, .. } = expr {
            expr = left;
        }
        self.extent(expr).0
    }

    fn last(&self, mut expr: &Expr) -> usize {
        while let Expr::BinaryOp { right, .. } = expr {
            expr = right;
        }
        self.extent(expr).1
    }

    fn kept(&self, span: tokenizer::Span) -> Extent {
        let all = self.placed.len().saturating_sub(1);
        match (decode(span.start), decode(span.end)) {
            (Some(start), Some(end)) => (self.index_at(start), self.index_at(end.saturating_sub(1))),
            _ => (0, all),
        }
    }

    fn followed(&self, inner: &Expr, tokens: usize) -> Extent {
        let (first, last) = self.extent(inner);
        (first, last + tokens)
    }

    fn parenthesised(&self, (first, last): Extent) -> Extent {
        (first.saturating_sub(1), last + 1)
    }

    /// From the name to the closing bracket of arguments, FILTER and OVER, whichever is last.
    fn function(&self, function: &Function) -> Extent {
        let (first, name) = self.kept(function.name.span());
        let mut last = match function.args {
            FunctionArguments::None => name,
            _ => self.closing(name + 1),
        };
        if !matches!(function.parameters, FunctionArguments::None) {
            last = self.closing(last + 1);
        }
        for keyword in [Keyword::FILTER, Keyword::OVER] {
            if self.is_keyword(last + 1, keyword) {
                last = if self.is(last + 2, &Token::LParen) { self.closing(last + 2) } else { last + 2 };
            }
        }
        (first, last)
    }

    /// On over `.name`, `:name` and `[…]`.
    fn path(&self, (first, mut last): Extent) -> Extent {
        loop {
            if self.is(last + 1, &Token::Period) || self.is(last + 1, &Token::Colon) {
                last += 2;
            } else if self.is(last + 1, &Token::LBracket) {
                let rest = self.placed.get(last + 1..).unwrap_or_default();
                last += 1 + rest.iter().position(|placed| placed.token == Token::RBracket).unwrap_or(rest.len());
            } else {
                return (first, last.min(self.placed.len().saturating_sub(1)));
            }
        }
    }

    /// From the name before the innermost bracket around a token to the bracket's end.
    fn call_around(&self, inside: usize) -> Extent {
        let (open, close) = self.around(inside);
        (open.saturating_sub(1), close)
    }

    /// The innermost brackets around a token.
    fn around(&self, inside: usize) -> Extent {
        let mut depth = 0_usize;
        let before = self.placed.get(..inside).unwrap_or_default();
        let open = before.iter().rposition(|placed| match placed.token {
            Token::RParen => {
                depth += 1;
                false
            }
            Token::LParen if depth > 0 => {
                depth -= 1;
                false
            }
            ref token => *token == Token::LParen,
        });
        open.map_or((inside, inside), |open| (open, self.closing(open)))
    }

    /// The bracket that closes the one at `open`; the last token when none does.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        let rest = self.placed.get(open..).unwrap_or_default();
        let length = rest.iter().position(|placed| {
            match placed.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        });
        length.map_or(self.placed.len().saturating_sub(1), |length| open + length)
    }

    fn query_start(&self, query: &Query) -> usize {
        self.kept(query.with.as_ref().map_or_else(|| body_start(&query.body), |with| with.with_token.0.span)).0
    }

    fn is(&self, index: usize, token: &Token) -> bool {
        self.placed.get(index).is_some_and(|placed| placed.token == *token)
    }

    fn is_keyword(&self, index: usize, keyword: Keyword) -> bool {
        matches!(self.placed.get(index).map(|placed| &placed.token), Some(Token::Word(word)) if word.keyword == keyword)
    }
}

fn body_start(mut body: &SetExpr) -> tokenizer::Span {
    loop {
        match body {
            SetExpr::Select(select) => return select.select_token.0.span,
            SetExpr::Query(query) => body = &query.body,
            SetExpr::SetOperation { left, .. } => body = left,
            other => return other.span(),
        }
    }
}
