//! What goes over the wire: <https://docs.databend.com/developer/apis/http>, as much of it as is used.

use serde::{Deserialize, Serialize};

use super::arrow::Batch;

/// How long the server waits for a result before it answers that the statement is still running.
pub(super) const WAIT_SECONDS: u64 = 10;
/// The most rows of one page: a stretch of the history comes in one.
pub(super) const PAGE_ROWS: u64 = 32_768;

/// `POST /v1/query`
#[derive(Serialize)]
pub(super) struct QueryRequest<'a> {
    pub(super) sql: &'a str,
    pub(super) session: Session<'a>,
    pub(super) pagination: Pagination,
    /// The newest form of Arrow that is understood; `None` for JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arrow_result_version_max: Option<u8>,
}

/// The session that a request runs in; nothing is kept between requests.
#[derive(Serialize)]
pub(super) struct Session<'a> {
    pub(super) database: &'a str,
    pub(super) settings: Settings,
}

/// Times are read and written in UTC, whatever the server's default is.
#[derive(Serialize)]
pub(super) struct Settings {
    timezone: &'static str,
}

impl<'a> Session<'a> {
    pub(super) const fn of(database: &'a str) -> Self {
        Self { database, settings: Settings { timezone: "UTC" } }
    }
}

#[derive(Serialize)]
pub(super) struct Pagination {
    wait_time_secs: u64,
    max_rows_per_page: u64,
}

impl Pagination {
    pub(super) const DEFAULT: Self = Self { wait_time_secs: WAIT_SECONDS, max_rows_per_page: PAGE_ROWS };
}

/// One page of an answer.
#[derive(Deserialize)]
pub(super) struct QueryPage {
    #[serde(default)]
    pub(super) schema: Vec<Field>,
    #[serde(default)]
    pub(super) data: Vec<Vec<Option<String>>>,
    /// Rows of an answer that came in Arrow.
    #[serde(skip)]
    pub(super) batches: Vec<Batch>,
    pub(super) error: Option<Failure>,
    /// Who has the answer, where several nodes share a load balancer.
    pub(super) node_id: Option<String>,
    /// Where the next page is; as long as there is one the statement has not ended.
    pub(super) next_uri: Option<String>,
    /// Says that the answer was read.
    pub(super) final_uri: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Field {
    #[serde(rename = "type")]
    pub(super) type_name: String,
}

/// What Databend refused.
#[derive(Deserialize)]
pub(super) struct Failure {
    pub(super) code: u16,
    #[serde(default)]
    pub(super) message: String,
}

/// What comes with a status other than 200.
#[derive(Deserialize)]
pub(super) struct FailedResponse {
    pub(super) error: Failure,
}

/// The answer of `PUT /v1/streaming_load`.
#[derive(Deserialize)]
pub(super) struct LoadResponse {
    pub(super) stats: LoadStats,
}

#[derive(Deserialize)]
pub(super) struct LoadStats {
    pub(super) rows: u64,
}
