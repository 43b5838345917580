//! The SQL dialect of a clause: what the parser lets through to the allow-list.
//!
//! Narrow on purpose: an exotic form that no dialect flag enables is a syntax error with a place,
//! and never reaches [`crate::compile::lower`].

use std::any::TypeId;
use std::cell::Cell;

use sqlparser::ast::Expr;
use sqlparser::dialect::{Dialect, GenericDialect, Precedence};
use sqlparser::keywords::{Keyword, RESERVED_FOR_IDENTIFIER};
use sqlparser::parser::{Parser, ParserError};

use crate::limits::{MIN_PARSER_STEPS, PARSER_STEPS_PER_TOKEN};

/// Standard SQL expressions with FILTER, `INTERVAL 30 DAY` and names in double quotes or backticks.
///
/// The parser tries several readings of some forms, nested ones twice for each level. It asks the
/// dialect before it reads any operand, which is where the steps are counted and cut short.
#[derive(Debug)]
pub(super) struct ClauseDialect {
    steps_left: Cell<usize>,
}

impl ClauseDialect {
    /// Makes the dialect of one run of the parser over `tokens` tokens.
    pub(super) fn for_tokens(tokens: usize) -> Self {
        Self { steps_left: Cell::new(MIN_PARSER_STEPS + tokens * PARSER_STEPS_PER_TOKEN) }
    }

    /// Returns whether the parser was stopped because it took too many steps.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left.get() == 0
    }
}

impl Dialect for ClauseDialect {
    /// Opens what the parser gives to its generic dialect only, such as `window_funnel(60)(…)`:
    /// better refused by name than as a syntax error.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"' || character == '`'
    }

    fn parse_prefix(&self, _parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        self.steps_left.set(self.steps_left.get().saturating_sub(1));
        // The one error that the parser does not try to read around.
        self.is_exhausted().then_some(Err(ParserError::RecursionLimitExceeded))
    }

    /// What is no form of these words is no column called so either: the parser would try that before it says
    /// that the form nests too deeply.
    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        const WITH_EXPRESSIONS: [Keyword; 9] = [
            Keyword::NOT,
            Keyword::CASE,
            Keyword::CAST,
            Keyword::TRY_CAST,
            Keyword::EXTRACT,
            Keyword::CEIL,
            Keyword::FLOOR,
            Keyword::SUBSTR,
            Keyword::SUBSTRING,
        ];
        WITH_EXPRESSIONS.contains(&keyword) || RESERVED_FOR_IDENTIFIER.contains(&keyword)
    }

    /// As in Databend; `literals` refuses those escapes that the two read differently.
    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }

    /// `\\%` stays two characters, for LIKE to read.
    fn ignores_wildcard_escapes(&self) -> bool {
        true
    }

    /// Ways into the payload bind like a cast: `1 + payload:n` reads `n`, not a key of a sum.
    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Colon | Precedence::PgOther => GenericDialect {}.prec_value(Precedence::DoubleColon),
            other => GenericDialect {}.prec_value(other),
        }
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_extract_comma_syntax(&self) -> bool {
        true
    }
}
