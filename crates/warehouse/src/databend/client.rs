//! Statements and loads over HTTP.
//!
//! Each request says who asks and in which session, so nothing is kept between them and any node behind a
//! load balancer may answer the next one. Trying again is the caller's: it knows what must not happen twice.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use schema::UserId;
use serde::de::DeserializeOwned;
use url::Url;
use uuid::Uuid;

use super::http::{Answer, CONNECT_TIMEOUT, Http};
use super::protocol::{
    FailedResponse, Failure, LoadResponse, Pagination, QueryPage, QueryRequest, Session, WAIT_SECONDS,
};
use super::{DatabendError, DatabendOptions};

/// How much longer than the server waits for a result the client waits for its answer.
const PAGE_GRACE: Duration = Duration::from_secs(20);
/// How long the code and reason of a refusal that has no JSON may be.
const SHOWN_CHARACTERS: usize = 300;

/// A way to Databend, in one database; cheap to clone.
#[derive(Clone)]
pub struct Databend {
    http: Http,
    options: Arc<DatabendOptions>,
}

/// The rows of an answer as Databend writes them, with the types of the columns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cells {
    /// `Decimal(18, 4)`, `Nullable(String)`, …; empty for an answer without rows.
    pub types: Vec<String>,
    /// NULL is `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

impl fmt::Debug for Databend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Databend").field(&self.options).finish()
    }
}

impl Databend {
    /// Makes a client; nothing is asked yet.
    pub fn new(options: DatabendOptions) -> Result<Self, DatabendError> {
        let http = Http::new(&options)?;
        Ok(Self { http, options: Arc::new(options) })
    }

    /// Likewise, in another database.
    pub(super) fn in_database(&self, database: &str) -> Self {
        Self { http: self.http.clone(), options: Arc::new(self.options.in_database(database)) }
    }

    /// Returns where it is, and who asks.
    pub(super) fn options(&self) -> &DatabendOptions {
        &self.options
    }

    /// Runs a statement whose rows nobody needs.
    pub async fn execute(&self, sql: &str) -> Result<(), DatabendError> {
        self.query(sql).await.map(drop)
    }

    /// Runs a statement to its end and returns all rows.
    pub async fn query(&self, sql: &str) -> Result<Cells, DatabendError> {
        let answering = self.all_pages(sql);
        let waited = tokio::time::timeout(self.options.request_timeout, answering).await;
        waited.map_err(|_| DatabendError::Unavailable(format!("no answer in {:?}", self.options.request_timeout)))?
    }

    async fn all_pages(&self, sql: &str) -> Result<Cells, DatabendError> {
        let session = Session::of(&self.options.database);
        let request = QueryRequest { sql, session, pagination: Pagination::DEFAULT };
        let request = serde_json::to_vec(&request).map_err(|error| DatabendError::Unexpected(error.to_string()))?;
        let post = Request::post(self.url("v1/query")?.as_str()).header(CONTENT_TYPE, "application/json");
        let mut page = self.page(post, request).await?;
        let mut cells = Cells::default();
        loop {
            if cells.types.is_empty() && !page.data.is_empty() {
                cells.types = page.schema.into_iter().map(|field| field.type_name).collect();
            }
            cells.rows.append(&mut page.data);
            match page.next_uri {
                Some(next) => {
                    let node = page.node_id.unwrap_or_default();
                    let get = Request::get(self.url(&next)?.as_str()).header("X-DATABEND-STICKY-NODE", node);
                    page = self.page(get, Vec::new()).await?;
                }
                None => break,
            }
        }
        if let Some(last) = page.final_uri {
            // The server forgets the answer now and not after a while: nothing depends on it.
            let _ = self.send(Request::get(self.url(&last)?.as_str()), Vec::new(), CONNECT_TIMEOUT).await;
        }
        Ok(cells)
    }

    async fn page(&self, request: Builder, body: Vec<u8>) -> Result<QueryPage, DatabendError> {
        let timeout = Duration::from_secs(WAIT_SECONDS) + PAGE_GRACE;
        let page: QueryPage = read(&self.send(request, body, timeout).await?)?;
        match page.error {
            Some(failure) => Err(DatabendError::Refused { code: failure.code, message: failure.message }),
            None => Ok(page),
        }
    }

    /// Loads a CSV file into a table, all of it or nothing; returns how many rows it had.
    pub(super) async fn load(&self, table: &str, csv: &str) -> Result<u64, DatabendError> {
        let boundary = Uuid::new_v4().simple().to_string();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"rows.csv\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [&head, csv, "\r\n--", &boundary, "--\r\n"].concat();
        let session = serde_json::to_string(&Session::of(&self.options.database));
        let session = session.map_err(|error| DatabendError::Unexpected(error.to_string()))?;
        let request = Request::put(self.url("v1/streaming_load")?.as_str())
            .header("X-DATABEND-SQL", format!("INSERT INTO {table} FROM @_databend_load FILE_FORMAT = (type = csv)"))
            .header("X-DATABEND-QUERY-CONTEXT", session)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"));
        let loaded: LoadResponse = read(&self.send(request, body.into_bytes(), self.options.request_timeout).await?)?;
        Ok(loaded.stats.rows)
    }

    /// Runs a query whose only column is `user_id`; ascending, without repetitions.
    pub async fn user_ids(&self, sql: &str) -> Result<Vec<UserId>, DatabendError> {
        let cells = self.query(sql).await?;
        let mut users = cells.rows.iter().map(|row| user_id(row)).collect::<Result<Vec<_>, _>>()?;
        users.sort_unstable();
        users.dedup();
        Ok(users)
    }

    fn url(&self, path: &str) -> Result<Url, DatabendError> {
        let joined = self.options.endpoint.join(path);
        let joined = joined.map_err(|_| DatabendError::Unexpected(format!("the address {path}")))?;
        // Whoever answers must not send our login elsewhere.
        if joined.origin() == self.options.endpoint.origin() {
            Ok(joined)
        } else {
            Err(DatabendError::Unexpected(format!("the address {path} of another server")))
        }
    }

    async fn send(&self, request: Builder, body: Vec<u8>, timeout: Duration) -> Result<Answer, DatabendError> {
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| DatabendError::Unexpected(error.to_string()))?;
        self.http.send(request, timeout).await.map_err(DatabendError::Unavailable)
    }
}

/// Reads an answer, or what went wrong: refused, or not now.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, DatabendError> {
    let Answer { status, body } = answer;
    if *status == StatusCode::OK {
        // Something in between may answer in its place.
        return serde_json::from_slice(body)
            .map_err(|error| DatabendError::Unavailable(format!("its answer: {error}")));
    }
    let refused = serde_json::from_slice::<FailedResponse>(body).ok().map(|failed| failed.error);
    match refused {
        Some(Failure { code, message }) if *status == StatusCode::BAD_REQUEST => {
            Err(DatabendError::Refused { code, message })
        }
        Some(Failure { code, message }) => Err(DatabendError::Unavailable(format!("{status}: {code}: {message}"))),
        None => {
            let said: String = String::from_utf8_lossy(body).chars().take(SHOWN_CHARACTERS).collect();
            Err(DatabendError::Unavailable(format!("{status}: {said}")))
        }
    }
}

fn user_id(row: &[Option<String>]) -> Result<UserId, DatabendError> {
    let read = match row {
        [Some(text)] => text.parse().ok().map(UserId),
        _ => None,
    };
    read.ok_or_else(|| DatabendError::Unexpected(format!("{row:?} where one user id was asked for")))
}
