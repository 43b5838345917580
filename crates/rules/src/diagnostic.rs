//! Something to tell the author of a rule, with the place in the text that it is about.

use serde::Serialize;

/// Bytes `start..end` of the clause's text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Whether the clause can be saved in spite of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// There is no rule.
    Error,
    /// There is a rule, which may not be what was meant.
    Warning,
    /// Worth knowing.
    Information,
}

/// One thing to tell the author of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// Stable; part of the API.
    pub code: Code,
    /// Whether it stops the clause from being saved.
    pub severity: Severity,
    /// In plain words.
    pub message: String,
    /// What it is about.
    pub span: Span,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// A text that could stand in place of `span`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

/// What a diagnostic is about; the stable `code` of the API. The variants are added to as the language grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text is not SQL.
    Syntax,
    /// Part of SQL that is not supported yet.
    Unsupported,
    /// The clause is larger than a rule may be.
    Limits,
}
