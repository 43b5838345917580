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

impl Diagnostic {
    /// Makes one that stops the clause from being saved.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), span, hint: None, replacement: None }
    }

    /// Makes one that says that the rule may not be what was meant.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Makes one that is worth knowing.
    pub fn information(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Information, ..Self::error(code, span, message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds a text that could stand in place of its span.
    #[must_use]
    pub fn with_replacement(self, replacement: impl Into<String>) -> Self {
        Self { replacement: Some(replacement.into()), ..self }
    }
}

/// What a diagnostic is about; the stable `code` of the API. The variants are added to as the language grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text is not SQL.
    Syntax,
    /// There is something behind a `;`.
    MultipleStatements,
    /// A comment hides text from SQL.
    Comment,
    /// The text is a statement or a query, not what stands behind WHERE.
    NotAnExpression,
    /// No table has a column of that name.
    UnknownColumn,
    /// There is no function of that name.
    UnknownFunction,
    /// There is no table of that name, or none with that alias here.
    UnknownTable,
    /// Values of these types do not meet.
    TypeMismatch,
    /// A function was given too few or too many arguments.
    WrongArguments,
    /// A constant is not what its form promises.
    InvalidLiteral,
    /// Its value would differ between two evaluations at the same instant.
    NonDeterministicFunction,
    /// A subquery looks at the events of other users.
    CrossUserSubquery,
    /// A month or a year has no fixed length.
    CalendarInterval,
    /// An aggregate stands where there is no group of events.
    MisplacedAggregate,
    /// A scalar subquery may return more than one row.
    NotOneRow,
    /// Part of SQL that is not supported yet.
    Unsupported,
    /// The clause is larger than a rule may be.
    Limits,
    /// Every user is selected.
    AlwaysTrue,
    /// No user is ever selected.
    AlwaysFalse,
    /// It names `now()`, but time alone changes nothing.
    NeverChangesWithTime,
    /// "Not this value" selects everyone with some other event.
    NegationIsNotNever,
    /// DOUBLEs are added up as decimals.
    DecimalTotal,
    /// A segment that depends on itself through others.
    SegmentCycle,
    /// It is about the user alone, and yet asks for an event.
    OnlyUsersWithEvents,
    /// The events themselves are kept for it, not only what they add up to.
    RetainsEvents,
    /// It takes more memory per user, or more steps per event, than rules usually do.
    AboveBudget,
}

impl Code {
    /// Returns its stable name, as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::MultipleStatements => "multiple_statements",
            Self::Comment => "comment",
            Self::NotAnExpression => "not_an_expression",
            Self::UnknownColumn => "unknown_column",
            Self::UnknownFunction => "unknown_function",
            Self::UnknownTable => "unknown_table",
            Self::TypeMismatch => "type_mismatch",
            Self::WrongArguments => "wrong_arguments",
            Self::InvalidLiteral => "invalid_literal",
            Self::NonDeterministicFunction => "non_deterministic_function",
            Self::CrossUserSubquery => "cross_user_subquery",
            Self::CalendarInterval => "calendar_interval",
            Self::MisplacedAggregate => "misplaced_aggregate",
            Self::NotOneRow => "not_one_row",
            Self::Unsupported => "unsupported",
            Self::Limits => "limits",
            Self::AlwaysTrue => "always_true",
            Self::AlwaysFalse => "always_false",
            Self::NeverChangesWithTime => "never_changes_with_time",
            Self::NegationIsNotNever => "negation_is_not_never",
            Self::DecimalTotal => "decimal_total",
            Self::SegmentCycle => "segment_cycle",
            Self::OnlyUsersWithEvents => "only_users_with_events",
            Self::RetainsEvents => "retains_events",
            Self::AboveBudget => "above_budget",
        }
    }
}
