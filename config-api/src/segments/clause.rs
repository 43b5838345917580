//! The where clause of a request: compiled here as the segmenter will compile it.

use std::collections::BTreeSet;

use rules::rule::Comparison;
use rules::{Column, Diagnostic, Expr, ExprKind, Rule, Severity, Value};
use schema::ActivityType;
use serde::Serialize;
use service::problem::Fault;
use utoipa::ToSchema;

/// The field of a request that holds the clause.
pub(super) const FIELD: &str = "whereStatement";

/// A clause that can be saved, and what there is to tell of it.
pub(super) struct Clause {
    pub(super) rule: Rule,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// One thing to tell the author of a clause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct DiagnosticView {
    /// Stable.
    code: &'static str,
    /// `error`, `warning` or `information`.
    severity: &'static str,
    /// In plain words.
    detail: String,
    /// Bytes of the clause that it is about.
    span: SpanView,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// A text that could stand in place of the span.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
}

/// Bytes `start..end` of the clause's text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct SpanView {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl From<rules::Span> for SpanView {
    fn from(span: rules::Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}

/// Compiles a clause; the faults are its errors.
pub(super) fn compile(text: &str) -> Result<Clause, Vec<Fault>> {
    let rules::Compiled { rule, diagnostics } = rules::compile(text);
    match rule {
        Some(rule) => Ok(Clause { rule, diagnostics }),
        None => Err(diagnostics.iter().filter(|told| told.severity == Severity::Error).map(fault).collect()),
    }
}

pub(super) fn fault(diagnostic: &Diagnostic) -> Fault {
    let hint = diagnostic.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Fault::new(diagnostic.code.as_str(), format!("{}{hint}", diagnostic.message))
        .in_field(FIELD)
        .at(diagnostic.span.start, diagnostic.span.end)
}

impl DiagnosticView {
    /// Makes an error that only the other definitions show.
    pub(super) fn error(code: &'static str, detail: String, span: SpanView) -> Self {
        Self { code, severity: "error", detail, span, hint: None, replacement: None }
    }
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            code: diagnostic.code.as_str(),
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Information => "information",
            },
            detail: diagnostic.message.clone(),
            span: SpanView::from(diagnostic.span),
            hint: diagnostic.hint.clone(),
            replacement: diagnostic.replacement.clone(),
        }
    }
}

/// Returns the activities that a rule names: what `activity_type` is compared with.
pub(super) fn named_activities(rule: &Rule) -> Vec<ActivityType> {
    let mut codes = BTreeSet::new();
    rule.expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Compare { op: Comparison::Equal | Comparison::NotEqual, left, right } => {
            codes.extend(named_in(left, right).or_else(|| named_in(right, left)));
        }
        ExprKind::InList { value, list } => codes.extend(list.iter().filter_map(|item| named_in(value, item))),
        _ => {}
    });
    codes.into_iter().collect()
}

fn named_in(column: &Expr, literal: &Expr) -> Option<ActivityType> {
    match (&column.kind, &literal.kind) {
        (ExprKind::Column(Column::ActivityType), ExprKind::Literal(Value::Text(code))) => Some(code.clone()),
        _ => None,
    }
}
