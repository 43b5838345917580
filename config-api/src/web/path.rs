//! Parts of a path.

use axum::http::StatusCode;
use schema::SegmentTag;
use service::problem::Problem;

/// Reads an id: a positive integer.
pub(crate) fn parse_id(text: &str) -> Result<i64, Problem> {
    text.parse()
        .ok()
        .filter(|id| *id > 0)
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "invalid_id", "an id is a positive integer"))
}

/// Reads a segment's tag.
pub(crate) fn parse_tag(text: &str) -> Result<SegmentTag, Problem> {
    SegmentTag::new(text).ok_or_else(|| {
        let detail = "a tag is 1 to 64 of a-z 0-9 - _ and begins with a letter or digit";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_tag", detail)
    })
}
