//! The body of a segment: read field by field, its clause compiled, all faults told at once.

use axum::body::Bytes;
use axum::http::HeaderMap;
use schema::SegmentTag;
use serde::Deserialize;
use service::problem::Problem;
use store::SegmentSpec;
use utoipa::ToSchema;

use super::clause::{self, Clause};
use crate::web::{Fields, read_object};

/// The most bytes of a title.
const MAX_TITLE_BYTES: usize = 200;
/// The most bytes of a description.
const MAX_DESCRIPTION_BYTES: usize = 4_000;

const INVALID_TAG: &str = "a tag is 1 to 64 of a-z 0-9 - _ and begins with a letter or digit";

/// What an analyst says of a segment.
///
/// Read field by field; this type only documents it.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents the fields for OpenAPI")]
pub(crate) struct SegmentBody {
    /// Stable name, unique among live segments: 1 to 64 of `a-z 0-9 - _`.
    #[schema(example = "area-no-buyers")]
    tag: String,
    /// For people; the tag when absent.
    #[schema(example = "From California, no purchase for 30 days")]
    title: Option<String>,
    /// For people.
    description: Option<String>,
    /// SQL over `events`; empty selects every user with an event.
    #[serde(rename = "whereStatement")]
    #[schema(example = "region = 'California' AND created_at >= now() - INTERVAL 30 DAY")]
    where_statement: String,
    /// Whether it concerns every activity.
    #[serde(rename = "isGeneric")]
    is_generic: Option<bool>,
}

/// Reads a segment and compiles its clause.
pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<(SegmentSpec, Clause), Problem> {
    let mut fields = Fields::new(read_object(headers, body)?);
    let tag = tag(&mut fields);
    let title = fields.optional_text("title", MAX_TITLE_BYTES);
    let description = fields.optional_text("description", MAX_DESCRIPTION_BYTES).unwrap_or_default();
    let clause = read_clause(&mut fields);
    let is_generic = fields.flag("isGeneric");
    fields.finish("invalid_segment")?;
    // Both are there when there was no fault.
    let (Some(tag), Some((where_statement, clause))) = (tag, clause) else {
        return Err(Problem::internal("a segment without a fault lacks its tag or its clause"));
    };
    let title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| tag.to_string());
    Ok((SegmentSpec { tag, title, description, where_statement, is_generic }, clause))
}

/// Reads the clause, and whose it is, as `validate` takes it.
pub(super) fn read_where_statement(headers: &HeaderMap, body: &Bytes) -> Result<(String, Option<SegmentTag>), Problem> {
    let mut fields = Fields::new(read_object(headers, body)?);
    let text = fields.text(clause::FIELD, usize::MAX);
    let tag = fields.optional_text("tag", usize::MAX).filter(|tag| !tag.is_empty()).and_then(|tag| {
        let read = SegmentTag::new(&tag);
        if read.is_none() {
            fields.fault("tag", "invalid_tag", INVALID_TAG);
        }
        read
    });
    fields.finish("invalid_request")?;
    Ok((text, tag))
}

fn tag(fields: &mut Fields) -> Option<SegmentTag> {
    let faults = fields.fault_count();
    let text = fields.text("tag", usize::MAX);
    let tag = SegmentTag::new(&text);
    if tag.is_none() && fields.fault_count() == faults {
        fields.fault("tag", "invalid_tag", INVALID_TAG);
    }
    tag
}

/// Reads the clause and compiles it.
pub(super) fn read_clause(fields: &mut Fields) -> Option<(String, Clause)> {
    let faults = fields.fault_count();
    // How long a clause may be is for `rules` to say.
    let text = fields.text(clause::FIELD, usize::MAX);
    if fields.fault_count() > faults {
        return None;
    }
    match clause::compile(&text) {
        Ok(clause) => Some((text, clause)),
        Err(found) => {
            fields.add(found);
            None
        }
    }
}
