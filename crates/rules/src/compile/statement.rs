//! One clause and nothing else: no second statement, no statement or query at all.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::compile::tokens::Tokens;
use crate::{Code, Diagnostic, Span};

/// Returns the tokens of the clause; anything behind a `;` and any statement is an error.
pub(super) fn only_clause(tokens: &Tokens<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<Range<usize>> {
    let end = tokens.placed.iter().position(|placed| placed.token == Token::SemiColon);
    if let Some(end) = end {
        diagnostics.push(second_statement(tokens, end));
    }
    let clause = 0..end.unwrap_or(tokens.placed.len());
    if let Some(problem) = statement(tokens, clause.clone()) {
        diagnostics.push(problem);
        return None;
    }
    (!clause.is_empty()).then_some(clause)
}

fn second_statement(tokens: &Tokens<'_>, semicolon: usize) -> Diagnostic {
    let span = tokens.span(semicolon, tokens.placed.len().saturating_sub(1));
    let message = "a clause is one expression: nothing may follow it, not even `;`";
    Diagnostic::error(Code::MultipleStatements, span, message).with_replacement("")
}

fn statement(tokens: &Tokens<'_>, clause: Range<usize>) -> Option<Diagnostic> {
    let Token::Word(word) = &tokens.placed.get(clause.clone())?.first()?.token else { return None };
    let follows = tokens.placed.get(clause.start + 1).map(|placed| &placed.token);
    // `replace(…)` and the like are functions that also begin a statement.
    if word.quote_style.is_some() || matches!(follows, Some(Token::LParen | Token::Period)) {
        return None;
    }
    let whole = tokens.span(clause.start, clause.end.saturating_sub(1));
    let first = tokens.span(clause.start, clause.start);
    match word.keyword {
        Keyword::WHERE => Some(leading_where(first)),
        Keyword::SELECT | Keyword::WITH | Keyword::FROM | Keyword::VALUES => Some(query(whole)),
        keyword if begins_statement(keyword) => Some(changes_tables(whole, &word.value)),
        _ => None,
    }
}

fn leading_where(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotAnExpression, span, "the clause is what stands behind WHERE")
        .with_hint("leave WHERE out")
        .with_replacement("")
}

fn query(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotAnExpression, span, "this is a whole query; the clause is what stands behind WHERE")
        .with_hint("write only the condition, such as `region = 'California'`")
}

fn changes_tables(span: Span, word: &str) -> Diagnostic {
    let message = format!("{} is a statement; a clause is a condition and changes nothing", word.to_uppercase());
    Diagnostic::error(Code::NotAnExpression, span, message)
        .with_hint("write only the condition, such as `region = 'California'`")
}

fn begins_statement(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::INSERT
            | Keyword::UPDATE
            | Keyword::DELETE
            | Keyword::MERGE
            | Keyword::REPLACE
            | Keyword::CREATE
            | Keyword::ALTER
            | Keyword::DROP
            | Keyword::TRUNCATE
            | Keyword::RENAME
            | Keyword::GRANT
            | Keyword::REVOKE
            | Keyword::SET
            | Keyword::USE
            | Keyword::SHOW
            | Keyword::DESCRIBE
            | Keyword::EXPLAIN
            | Keyword::CALL
            | Keyword::COPY
            | Keyword::BEGIN
            | Keyword::COMMIT
            | Keyword::ROLLBACK
            | Keyword::KILL
            | Keyword::OPTIMIZE
            | Keyword::ANALYZE
            | Keyword::EXECUTE
            | Keyword::PREPARE
    )
}
