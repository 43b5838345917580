//! Pages: a limit, and an opaque cursor that says after what to go on.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use service::problem::Problem;
use utoipa::IntoParams;

/// How many items a page has when nobody says.
const DEFAULT_LIMIT: u32 = 100;
/// The most items of a page: bounds memory and time of one request.
pub(crate) const MAX_LIMIT: u32 = 1_000;

/// Where a list goes on, and how much of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// The most items, 1 to 1000; 100 when absent.
    pub(crate) limit: Option<String>,
}

impl PageQuery {
    /// Returns after which id to go on in the list of that name.
    pub(crate) fn after(&self, list: &str) -> Result<Option<i64>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let id = Cursor::decode(list, cursor).and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes);
        id.map(Some).ok_or_else(invalid_cursor)
    }

    /// Returns bytes that a part gave as its cursor.
    pub(crate) fn after_bytes(&self, list: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        Cursor::decode(list, cursor).map(Some).ok_or_else(invalid_cursor)
    }

    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = &self.limit else { return Ok(DEFAULT_LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| {
            let detail = format!("`limit` must be a number from 1 to {MAX_LIMIT}");
            Problem::new(StatusCode::BAD_REQUEST, "invalid_limit", detail)
        })
    }
}

/// The text form of a cursor: the list it belongs to and where in it.
pub(crate) struct Cursor;

impl Cursor {
    pub(crate) fn encode(list: &str, place: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([list.as_bytes(), b"\0", place].concat())
    }

    fn decode(list: &str, cursor: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let place = bytes.strip_prefix(list.as_bytes())?.strip_prefix(b"\0")?;
        Some(place.to_vec())
    }
}

/// Returns the cursor after a full page; a page that is not full is the last.
pub(crate) fn page_after(list: &str, last_id: Option<i64>, count: usize, limit: u32) -> Option<String> {
    let full = count >= limit as usize;
    last_id.filter(|_| full).map(|id| Cursor::encode(list, &id.to_be_bytes()))
}

fn invalid_cursor() -> Problem {
    let detail = "`cursor` is none that this list gave out";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_cursor", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_on_in_its_own_list_only() {
        let cursor = page_after("users", Some(42), 10, 10);
        let query = PageQuery { cursor, limit: None };
        assert_eq!(query.after("users").unwrap(), Some(42));
        assert_eq!(query.after("segments").unwrap_err().code, "invalid_cursor");
        assert_eq!(page_after("users", Some(42), 9, 10), None);
    }
}
