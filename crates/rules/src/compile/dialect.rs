//! The SQL dialect of a clause: what the parser lets through to the allow-list.
//!
//! Narrow on purpose: an exotic form that no dialect flag enables is a syntax error with a place,
//! and never reaches [`crate::compile::lower`].

use sqlparser::dialect::Dialect;

/// Standard SQL expressions with FILTER, `INTERVAL 30 DAY` and names in double quotes or backticks.
#[derive(Debug)]
pub(super) struct ClauseDialect;

impl Dialect for ClauseDialect {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"' || character == '`'
    }

    /// As in Databend; `literals` refuses those escapes that the two read differently.
    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }

    /// `\\%` stays two characters, for LIKE to read.
    fn ignores_wildcard_escapes(&self) -> bool {
        true
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
