//! The call of the SQL parser, and its errors in our words.

use std::ops::Range;

use sqlparser::ast;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::compile::dialect::ClauseDialect;
use crate::compile::tokens::Tokens;
use crate::limits::MAX_PARSER_DEPTH;
use crate::{Code, Diagnostic, Span};

/// Parses the tokens of `clause` as one expression that uses all of them.
pub(super) fn expression(tokens: &Tokens<'_>, clause: Range<usize>) -> Result<ast::Expr, Diagnostic> {
    let end = tokens.span(clause.start, clause.end.saturating_sub(1)).end;
    let mut parser = Parser::new(&ClauseDialect)
        .with_recursion_limit(MAX_PARSER_DEPTH)
        .with_tokens_with_locations(tokens.for_parser(clause));
    let parsed = parser.parse_expr().map_err(|error| refused(tokens, end, error))?;
    match parser.peek_token_ref() {
        rest if rest.token == Token::EOF => Ok(parsed),
        rest => Err(trailing(tokens, super::tokens::decode(rest.span.start).unwrap_or(end))),
    }
}

fn trailing(tokens: &Tokens<'_>, start: usize) -> Diagnostic {
    let index = tokens.index_at(start);
    let span = tokens.span(index, index);
    let message = format!("the clause should have ended before `{}`", tokens.slice(span));
    Diagnostic::error(Code::Syntax, span, message).with_hint("is an AND, an OR or a comma missing here?")
}

fn refused(tokens: &Tokens<'_>, end: usize, error: ParserError) -> Diagnostic {
    match error {
        ParserError::RecursionLimitExceeded => too_deep(tokens),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
            let (words, byte) = split_place(&message);
            let span = byte.map_or(Span { start: end, end }, |byte| {
                let index = tokens.index_at(byte);
                tokens.span(index, index)
            });
            Diagnostic::error(Code::Syntax, span, in_plain_words(words))
        }
    }
}

fn too_deep(tokens: &Tokens<'_>) -> Diagnostic {
    let message = format!("the clause nests deeper than {MAX_PARSER_DEPTH} levels");
    Diagnostic::error(Code::Limits, Span { start: 0, end: tokens.text.len() }, message)
        .with_hint("take parentheses out, or split the clause into several segments")
}

/// Splits ` at Line: 1, Column: 8` off a message; the column is a byte offset plus one.
fn split_place(message: &str) -> (&str, Option<usize>) {
    let Some((words, place)) = message.rsplit_once(" at Line: ") else { return (message, None) };
    let column = place.split_once("Column: ").and_then(|(_, column)| column.trim().parse::<usize>().ok());
    (words, column.map(|column| column.saturating_sub(1)))
}

/// `Expected: an expression, found: EOF` → `expected an expression, found the end`.
pub(super) fn in_plain_words(message: &str) -> String {
    let words = split_place(message).0;
    let words = words.replace("Expected: ", "expected ").replace(", found: EOF", ", found the end of the clause");
    let words = match words.split_once(", found: ") {
        Some((expected, found)) => format!("{expected}, found `{found}`"),
        None => words,
    };
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
