//! What is asked: a clause, with what to compare it, and how many to name.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use schema::{SegmentDefinition, SegmentId, SegmentTag};
use serde::Deserialize;
use serde_json::Value;
use service::problem::{Fault, Problem};
use utoipa::ToSchema;

use super::question::Question;
use crate::segments::body::read_clause;
use crate::segments::clause::{Clause, DiagnosticView};
use crate::state::AppState;
use crate::web::{Fields, read_object, store_problem};

const COMPARE_TO: &str = "compare_to";
const SAMPLE: &str = "sample";
/// How many are named when nobody says how many.
const DEFAULT_SAMPLE: u64 = 10;
const MAX_SAMPLE: u64 = 100;

/// A clause to preview.
///
/// Read field by field; this type only documents it.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents the fields for OpenAPI")]
pub(crate) struct PreviewBody {
    /// SQL over `events`; empty selects every user with an event.
    #[serde(rename = "whereStatement")]
    #[schema(example = "region = 'California' AND created_at >= now() - INTERVAL 30 DAY")]
    where_statement: String,
    /// The live segment whose next version it may become: its tag, or its id as a number.
    #[schema(example = "area-no-buyers")]
    compare_to: Option<SegmentName>,
    /// How many users are named of each group: 10 when absent, at most 100.
    #[schema(maximum = 100)]
    sample: Option<u64>,
}

/// A tag, or an id.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents the forms for OpenAPI")]
pub(crate) enum SegmentName {
    Tag(String),
    Id(i64),
}

/// A request as it was read.
pub(super) struct PreviewRequest {
    text: String,
    clause: Clause,
    compare_to: Option<Named>,
    pub(super) sample: usize,
}

/// How a segment is named.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Named {
    Tag(SegmentTag),
    Id(SegmentId),
}

/// What is asked, about the definitions as they are.
pub(super) struct Asked {
    pub(super) question: Question,
    /// With what it is compared.
    pub(super) live: Option<SegmentDefinition>,
    pub(super) diagnostics: Vec<DiagnosticView>,
}

/// Reads a request, and tells everything that is wrong with it.
pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<PreviewRequest, Problem> {
    let mut fields = Fields::new(read_object(headers, body)?);
    let clause = read_clause(&mut fields);
    let compare_to = fields.optional(COMPARE_TO).and_then(|value| {
        let named = Named::of(&value);
        if named.is_none() {
            fields.fault(
                COMPARE_TO,
                "wrong_type",
                format!("`{COMPARE_TO}` must be a segment's tag, or its id as a number"),
            );
        }
        named
    });
    let sample = fields.optional(SAMPLE).map_or(Some(DEFAULT_SAMPLE), |value| value.as_u64());
    let sample = sample.filter(|sample| *sample <= MAX_SAMPLE);
    if sample.is_none() {
        fields.fault(SAMPLE, "wrong_type", format!("`{SAMPLE}` must be a number from 0 to {MAX_SAMPLE}"));
    }
    fields.finish("invalid_request")?;
    // They are there when there was no fault.
    let (Some((text, clause)), Some(sample)) = (clause, sample) else {
        return Err(Problem::internal("a preview without a fault lacks its clause"));
    };
    Ok(PreviewRequest { text, clause, compare_to, sample: usize::try_from(sample).unwrap_or(usize::MAX) })
}

impl Named {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(tag) => SegmentTag::new(tag).map(Self::Tag),
            value => value.as_i64().map(|id| Self::Id(SegmentId(id))),
        }
    }

    fn is(&self, definition: &SegmentDefinition) -> bool {
        match self {
            Self::Tag(tag) => definition.tag == *tag,
            Self::Id(segment_id) => definition.segment_id == *segment_id,
        }
    }
}

impl PreviewRequest {
    /// Finds what the clause names among the definitions, as saving it would.
    pub(super) async fn asked(&self, state: &AppState) -> Result<Asked, Problem> {
        let definitions = Arc::new(state.store.definitions().await.map_err(store_problem)?);
        let live = self.compare_to.as_ref().map(|named| {
            let found = definitions.segments.iter().find(|definition| named.is(definition));
            found.cloned().ok_or_else(unknown)
        });
        let live = live.transpose()?;
        let live_id = live.as_ref().map(|live| live.segment_id);
        let (_, dependencies) = state.known_rules.look_at(definitions.clone(), live_id).await;
        let faults = dependencies.check(live.as_ref().map(|live| &live.tag), &self.clause.rule).faults;
        if !faults.is_empty() {
            return Err(Problem::of_faults(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", faults));
        }
        let mut needed = dependencies.needed_by(&self.clause.rule);
        let live_rule = live.as_ref().and_then(|live| rules::compile(&live.where_statement).rule);
        needed.extend(live_rule.iter().flat_map(|rule| dependencies.needed_by(rule)));
        let is_needed = |definition: &&SegmentDefinition| {
            live_id == Some(definition.segment_id) || needed.contains(definition.tag.as_str())
        };
        let segments = definitions.segments.iter().filter(is_needed).cloned().collect();
        let question = Question::new(&self.text, live_id, segments).map_err(Problem::internal)?;
        let diagnostics = self.clause.diagnostics.iter().map(DiagnosticView::from).collect();
        Ok(Asked { question, live, diagnostics })
    }
}

fn unknown() -> Problem {
    let fault = Fault::new("unknown_segment", "there is no such live segment").in_field(COMPARE_TO);
    Problem::of_faults(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", vec![fault])
}
