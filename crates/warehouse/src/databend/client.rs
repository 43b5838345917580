//! Statements and loads over HTTP.
//!
//! Each request says who asks and in which session, so nothing is kept between them and any node behind a
//! load balancer may answer the next one. Trying again is the caller's: it knows what must not happen twice.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use schema::UserId;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;
use uuid::Uuid;

use super::cells::Row;
use super::http::{Answer, CONNECT_TIMEOUT, Http};
use super::protocol::{
    FailedResponse, Failure, LoadResponse, Pagination, QueryPage, QueryRequest, Session, WAIT_SECONDS,
};
use super::{DatabendError, DatabendOptions, arrow};

/// How much longer than the server waits for a result the client waits for its answer.
const PAGE_GRACE: Duration = Duration::from_secs(20);
/// How long the code and reason of a refusal that has no JSON may be.
const SHOWN_CHARACTERS: usize = 300;

/// How rows are to come.
struct Format {
    accept: &'static str,
    arrow_version: Option<u8>,
}

const JSON: Format = Format { accept: "application/json", arrow_version: None };
const ARROW: Format = Format { accept: arrow::STREAM, arrow_version: arrow::VERSION };

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
        let mut cells = Cells::default();
        let taking = |mut page: QueryPage| {
            if cells.types.is_empty() && !page.data.is_empty() {
                cells.types = page.schema.into_iter().map(|field| field.type_name).collect();
            }
            cells.rows.append(&mut page.data);
            Ok(())
        };
        self.each_page(sql, &JSON, taking).await?;
        Ok(cells)
    }

    /// Runs a query to its end and returns what `read` makes of each row, of which there may be many.
    ///
    /// As [`Self::each_row`].
    pub(super) async fn read_each<T>(
        &self,
        sql: &str,
        read: impl Fn(&dyn Row) -> Result<T, DatabendError>,
    ) -> Result<Vec<T>, DatabendError> {
        let mut rows = Vec::new();
        let taking = self.each_row(sql, |row| {
            rows.push(read(row)?);
            Ok(())
        });
        taking.await?;
        Ok(rows)
    }

    /// Runs a query to its end and hands over each row as it comes; more than a page of them is never in memory.
    ///
    /// They come in Arrow where both sides can, so `sql` names whole numbers and texts only. Needs a runtime of
    /// several threads.
    pub(super) async fn each_row(
        &self,
        sql: &str,
        mut take: impl FnMut(&dyn Row) -> Result<(), DatabendError>,
    ) -> Result<(), DatabendError> {
        let format = if self.options.is_arrow_wanted { &ARROW } else { &JSON };
        let taking = |page: QueryPage| {
            // A large page takes a core for a while.
            tokio::task::block_in_place(|| {
                page.data.iter().try_for_each(|row| take(row))?;
                page.batches.iter().try_for_each(|batch| batch.each(&mut take))
            })
        };
        self.each_page(sql, format, taking).await
    }

    /// Runs a statement to its end; hands over one page of the answer after the other.
    async fn each_page(
        &self,
        sql: &str,
        format: &Format,
        mut take: impl FnMut(QueryPage) -> Result<(), DatabendError>,
    ) -> Result<(), DatabendError> {
        let answering = async {
            let mut page = self.first_page(sql, format).await?;
            loop {
                let (next, last, node) = (page.next_uri.take(), page.final_uri.take(), page.node_id.take());
                take(page)?;
                match next {
                    Some(next) => page = self.next_page(&next, node, format).await?,
                    None => return Ok(last),
                }
            }
        };
        let waited = tokio::time::timeout(self.options.request_timeout, answering).await;
        let no_answer = || DatabendError::Unavailable(format!("no answer in {:?}", self.options.request_timeout));
        if let Some(last) = waited.map_err(|_| no_answer())?? {
            // The server forgets the answer now and not after a while: nothing depends on it.
            let _ = self.send(Request::get(self.url(&last)?.as_str()), Vec::new(), CONNECT_TIMEOUT).await;
        }
        Ok(())
    }

    async fn first_page(&self, sql: &str, format: &Format) -> Result<QueryPage, DatabendError> {
        let request = QueryRequest {
            sql,
            session: Session::of(&self.options.database),
            pagination: Pagination::DEFAULT,
            arrow_result_version_max: format.arrow_version,
        };
        let request = serde_json::to_vec(&request).map_err(|error| DatabendError::Unexpected(error.to_string()))?;
        let post = Request::post(self.url("v1/query")?.as_str()).header(CONTENT_TYPE, JSON.accept);
        self.page(post.header(ACCEPT, format.accept), request).await
    }

    async fn next_page(&self, uri: &str, node: Option<String>, format: &Format) -> Result<QueryPage, DatabendError> {
        let get = Request::get(self.url(uri)?.as_str()).header("X-DATABEND-STICKY-NODE", node.unwrap_or_default());
        self.page(get.header(ACCEPT, format.accept), Vec::new()).await
    }

    async fn page(&self, request: Builder, body: Vec<u8>) -> Result<QueryPage, DatabendError> {
        let timeout = Duration::from_secs(WAIT_SECONDS) + PAGE_GRACE;
        let answer = self.send(request, body, timeout).await?;
        let page: QueryPage = if answer.is_arrow { arrow::page(&answer.body)? } else { read(&answer)? };
        match page.error {
            Some(failure) => Err(DatabendError::Refused { code: failure.code, message: failure.message }),
            None => Ok(page),
        }
    }

    /// Loads a CSV file into a table, all of it or nothing; returns how many rows it had.
    ///
    /// One that fails is refused with `code::FAILED_LOAD`, whatever was wrong.
    pub(super) async fn load(&self, table: &str, csv: &str) -> Result<u64, DatabendError> {
        let session = serde_json::to_string(&Session::of(&self.options.database));
        let session = session.map_err(|error| DatabendError::Unexpected(error.to_string()))?;
        let request = Request::put(self.url("v1/streaming_load")?.as_str())
            .header("X-DATABEND-SQL", format!("INSERT INTO {table} FROM @_databend_load FILE_FORMAT = (type = csv)"))
            .header("X-DATABEND-QUERY-CONTEXT", session);
        let loaded: LoadResponse = self.send_file(request, "rows.csv", csv).await?;
        Ok(loaded.stats.rows)
    }

    /// Puts a file into the user's own stage.
    pub(super) async fn put_file(&self, name: &str, csv: &str) -> Result<(), DatabendError> {
        let request = Request::put(self.url("v1/upload_to_stage")?.as_str()).header("X-DATABEND-STAGE-NAME", "~");
        self.send_file::<IgnoredAny>(request, name, csv).await.map(drop)
    }

    async fn send_file<T: DeserializeOwned>(
        &self,
        request: Builder,
        name: &str,
        csv: &str,
    ) -> Result<T, DatabendError> {
        let boundary = Uuid::new_v4().simple().to_string();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [&head, csv, "\r\n--", &boundary, "--\r\n"].concat();
        let request = request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"));
        read(&self.send(request, body.into_bytes(), self.options.request_timeout).await?)
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
    let Answer { status, body, .. } = answer;
    if *status == StatusCode::OK {
        return serde_json::from_slice(body).map_err(|error| DatabendError::answer(&error));
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
