//! The call of the SQL parser, and its errors in our words.

use std::ops::Range;

use sqlparser::ast;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::compile::dialect::ClauseDialect;
use crate::compile::tokens::Tokens;
use crate::limits::{DEEP_PARSER_STACK_BYTES, MAX_DEPTH, MAX_PARSER_DEPTH, SHALLOW_PARSER_DEPTH};
use crate::{Code, Diagnostic, Span};

/// Parses the tokens of `clause` as one expression that uses all of them.
pub(super) fn expression(tokens: &Tokens<'_>, clause: Range<usize>) -> Result<ast::Expr, Diagnostic> {
    let end = tokens.span(clause.start, clause.end.saturating_sub(1)).end;
    let placed = tokens.for_parser(clause);
    let parsed = match parsed(placed.clone(), SHALLOW_PARSER_DEPTH) {
        Err(Stopped::TooDeep) => on_a_deep_stack(|| parsed(placed, MAX_PARSER_DEPTH)),
        other => other,
    };
    let (expr, rest) = parsed.map_err(|stopped| refused(tokens, end, stopped))?;
    match rest {
        None => Ok(expr),
        Some(start) => Err(trailing(tokens, start.unwrap_or(end))),
    }
}

/// Why the parser gave up.
enum Stopped {
    TooDeep,
    TooManySteps,
    /// In its words, the place included.
    Unexpected(String),
}

/// An expression, and the byte where tokens are left over, if there are any.
type Parsed = (ast::Expr, Option<Option<usize>>);

fn parsed(tokens: Vec<TokenWithSpan>, depth: usize) -> Result<Parsed, Stopped> {
    let dialect = ClauseDialect::for_tokens(tokens.len());
    let mut parser = Parser::new(&dialect).with_recursion_limit(depth).with_tokens_with_locations(tokens);
    let expr = parser.parse_expr().map_err(|error| match error {
        ParserError::RecursionLimitExceeded if dialect.is_exhausted() => Stopped::TooManySteps,
        ParserError::RecursionLimitExceeded => Stopped::TooDeep,
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => Stopped::Unexpected(message),
    })?;
    let rest = parser.peek_token_ref();
    let left = (rest.token != Token::EOF).then(|| super::tokens::decode(rest.span.start));
    Ok((expr, left))
}

/// Runs `parse` with room for the deepest clause, whatever stack the caller has.
fn on_a_deep_stack(parse: impl FnOnce() -> Result<Parsed, Stopped> + Send) -> Result<Parsed, Stopped> {
    with_room(parse).unwrap_or(Err(Stopped::TooDeep))
}

/// Does what takes a deep stack; `None` where there is no room for one.
pub(super) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEEP_PARSER_STACK_BYTES);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

fn trailing(tokens: &Tokens<'_>, start: usize) -> Diagnostic {
    let index = tokens.index_at(start);
    // `current_user()`: the parser knows the word only without the parentheses.
    let before = index.saturating_sub(1);
    let called = tokens.slice(tokens.span(before, before)).to_lowercase();
    if super::functions::is_non_deterministic(&called) {
        return super::functions::non_deterministic(&called, tokens.span(before, before));
    }
    let span = tokens.span(index, index);
    let message = format!("the clause should have ended before `{}`", tokens.slice(span));
    Diagnostic::error(Code::Syntax, span, message).with_hint("is an AND, an OR or a comma missing here?")
}

fn refused(tokens: &Tokens<'_>, end: usize, stopped: Stopped) -> Diagnostic {
    match stopped {
        Stopped::TooDeep => too_deep(tokens),
        Stopped::TooManySteps => too_many_steps(tokens),
        Stopped::Unexpected(message) => {
            let (words, byte) = split_place(&message);
            let span = byte.map_or(Span { start: end, end }, |byte| {
                let index = tokens.index_at(byte);
                tokens.span(index, index)
            });
            Diagnostic::error(Code::Syntax, span, in_plain_words(words))
        }
    }
}

fn too_many_steps(tokens: &Tokens<'_>) -> Diagnostic {
    let message = "the clause nests forms that can be read in several ways too deeply";
    Diagnostic::error(Code::Limits, Span { start: 0, end: tokens.text.len() }, message)
        .with_hint("split the clause into several segments")
}

fn too_deep(tokens: &Tokens<'_>) -> Diagnostic {
    let message = format!(
        "the clause nests deeper than {MAX_PARSER_DEPTH} parentheses and operators, which is more than the {MAX_DEPTH} levels \
         of a rule can take"
    );
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
