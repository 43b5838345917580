//! Segments in segments: what a clause may name, and what must stay because others name it.
//!
//! Decided over the definitions as the store has them, by one change at a time in this process.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use rules::{Rule, cycle_diagnostic, segment_cycle};
use schema::{SegmentDefinition, SegmentId, SegmentTag};
use service::problem::{Fault, Problem};

use super::clause::{DiagnosticView, FIELD, SpanView, fault};
use super::known::KnownRules;

/// The code of a tag that no live segment has.
const UNKNOWN_SEGMENT: &str = "unknown_segment";

/// Which segment names which, by tags.
#[derive(Default)]
pub(crate) struct Dependencies {
    names: BTreeMap<String, BTreeSet<String>>,
}

/// What is wrong with the segments that a clause names.
pub(super) struct WrongNames {
    pub(super) diagnostics: Vec<DiagnosticView>,
    pub(super) faults: Vec<Fault>,
}

impl Dependencies {
    /// Takes the live definitions, without that of a segment which is being changed.
    pub(super) fn of(known: &KnownRules, definitions: &[SegmentDefinition], except: Option<SegmentId>) -> Self {
        let others = definitions.iter().filter(|definition| except != Some(definition.segment_id));
        let names = others.map(|definition| (definition.tag.to_string(), known.of(definition).named.clone()));
        Self { names: names.collect() }
    }

    /// Returns the tags of the segments that name this one.
    pub(super) fn dependents(&self, tag: &SegmentTag) -> Vec<&str> {
        let names_it = |(_, named): &(&String, &BTreeSet<String>)| named.contains(tag.as_str());
        self.names.iter().filter(names_it).map(|(dependent, _)| dependent.as_str()).collect()
    }

    /// Checks the tags that a rule names; `own` is the tag of the segment whose rule it is, if it has one.
    pub(super) fn check(&self, own: Option<&SegmentTag>, rule: &Rule) -> WrongNames {
        let mut wrong = WrongNames { diagnostics: Vec::new(), faults: Vec::new() };
        let named = rule.segments();
        for (tag, span) in &named {
            let is_own = own.is_some_and(|own| own.as_str() == tag);
            if !is_own && !self.names.contains_key(tag) {
                let detail = format!("there is no live segment `{tag}`");
                let span = SpanView::from(*span);
                wrong.faults.push(Fault::new(UNKNOWN_SEGMENT, &detail).in_field(FIELD).at(span.start, span.end));
                wrong.diagnostics.push(DiagnosticView::error(UNKNOWN_SEGMENT, detail, span));
            }
        }
        let Some(own) = own else { return wrong };
        let mut graph = self.names.clone();
        graph.insert(own.to_string(), named.keys().cloned().collect());
        if let Some(cycle) = segment_cycle(own.as_str(), &graph) {
            let span = cycle.get(1).and_then(|next| named.get(next)).copied().unwrap_or(rule.expr.span);
            let diagnostic = cycle_diagnostic(&cycle, span);
            wrong.faults.push(fault(&diagnostic));
            wrong.diagnostics.push(DiagnosticView::from(&diagnostic));
        }
        wrong
    }

    /// Returns the tags that a segment depends on, also through others.
    pub(crate) fn needed_by(&self, rule: &Rule) -> BTreeSet<String> {
        self.reached_from(rule.segments().into_keys())
    }

    /// Returns these tags and those that they depend on.
    pub(super) fn reached_from(&self, tags: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let mut open: Vec<String> = tags.into_iter().collect();
        let mut needed = BTreeSet::new();
        while let Some(tag) = open.pop() {
            if let Some(named) = self.names.get(&tag)
                && needed.insert(tag)
            {
                open.extend(named.iter().cloned());
            }
        }
        needed
    }
}

/// Makes the answer to taking away a tag that others name.
pub(super) fn in_use(tag: &SegmentTag, dependents: &[&str]) -> Problem {
    let faults = dependents.iter().map(|dependent| {
        Fault::new("named_by_segment", format!("the clause of `{dependent}` names it")).in_field(*dependent)
    });
    let detail = format!("`{tag}` is named by the clauses of {}", dependents.join(", "));
    Problem::new(StatusCode::CONFLICT, "segment_in_use", detail).with_errors(faults.collect())
}
