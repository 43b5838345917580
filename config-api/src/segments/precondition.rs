//! `ETag` and `If-Match`: the version of a segment, for writers that must not undo each other.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use schema::SegmentVersion;
use service::problem::Problem;

/// Returns the `ETag` of a version.
pub(super) fn entity_tag(version: u32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Returns the version that `If-Match` names; `None` without it or with `*`.
pub(super) fn expected_version(headers: &HeaderMap) -> Result<Option<SegmentVersion>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    number.parse().map(|version| Some(SegmentVersion(version))).map_err(|_| {
        let detail = "If-Match must be one ETag of this segment, such as \"3\"";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_if_match", detail)
    })
}
