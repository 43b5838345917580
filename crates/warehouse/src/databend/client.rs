//! Statements and loads over HTTP.
//!
//! Each request says who asks and in which session, so nothing is kept between them and any node behind a
//! load balancer may answer the next one. Trying again is the caller's: it knows what must not happen twice.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use schema::UserId;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::protocol::{
    FailedResponse, Failure, LoadResponse, Pagination, QueryPage, QueryRequest, Session, WAIT_SECONDS,
};
use super::{DatabendError, DatabendOptions};

/// A server that does not even take the connection is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Better no connection than one that is not what was asked for.
const NO_TLS: &str = "encryption towards Databend is not built yet: say sslmode=disable, and let nobody stand between";
/// How much longer than the server waits for a result the client waits for its answer.
const PAGE_GRACE: Duration = Duration::from_secs(20);
/// How long the code and reason of a refusal that has no JSON may be.
const SHOWN_CHARACTERS: usize = 300;

/// A way to Databend, in one database; cheap to clone.
#[derive(Clone)]
pub struct Databend {
    http: reqwest::Client,
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
        if options.is_encrypted() {
            return Err(DatabendError::Misconfigured(NO_TLS.to_owned()));
        }
        let http = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(options.request_timeout);
        let http = http.build().map_err(|error| DatabendError::Misconfigured(causes(&error)))?;
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
        let mut page = self.page(self.http.post(self.url("v1/query")?).json(&request)).await?;
        let mut cells = Cells::default();
        loop {
            if cells.types.is_empty() && !page.data.is_empty() {
                cells.types = page.schema.into_iter().map(|field| field.type_name).collect();
            }
            cells.rows.append(&mut page.data);
            match page.next_uri {
                Some(next) => {
                    let node = page.node_id.unwrap_or_default();
                    page = self.page(self.http.get(self.url(&next)?).header("X-DATABEND-STICKY-NODE", node)).await?;
                }
                None => break,
            }
        }
        if let Some(last) = page.final_uri {
            // The server forgets the answer now and not after a while: nothing depends on it.
            let _ = self.authorized(self.http.get(self.url(&last)?)).timeout(CONNECT_TIMEOUT).send().await;
        }
        Ok(cells)
    }

    async fn page(&self, request: RequestBuilder) -> Result<QueryPage, DatabendError> {
        let timeout = Duration::from_secs(WAIT_SECONDS) + PAGE_GRACE;
        let page: QueryPage = answer(self.authorized(request).timeout(timeout).send().await).await?;
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
        let request = self
            .http
            .put(self.url("v1/streaming_load")?)
            .header("X-DATABEND-SQL", format!("INSERT INTO {table} FROM @_databend_load FILE_FORMAT = (type = csv)"))
            .header("X-DATABEND-QUERY-CONTEXT", session)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .body(body);
        let loaded: LoadResponse = answer(self.authorized(request).send().await).await?;
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

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .basic_auth(&self.options.user, Some(&self.options.password))
            .header("X-DATABEND-QUERY-ID", Uuid::now_v7().to_string())
    }
}

/// Reads an answer, or what went wrong: refused, or not now.
async fn answer<T: DeserializeOwned>(sent: reqwest::Result<Response>) -> Result<T, DatabendError> {
    let away = |error: reqwest::Error| DatabendError::Unavailable(causes(&error.without_url()));
    let response = sent.map_err(away)?;
    let status = response.status();
    let body = response.bytes().await.map_err(away)?;
    if status == StatusCode::OK {
        // Something in between may answer in its place.
        return serde_json::from_slice(&body)
            .map_err(|error| DatabendError::Unavailable(format!("its answer: {error}")));
    }
    let refused = serde_json::from_slice::<FailedResponse>(&body).ok().map(|failed| failed.error);
    match refused {
        Some(Failure { code, message }) if status == StatusCode::BAD_REQUEST => {
            Err(DatabendError::Refused { code, message })
        }
        Some(Failure { code, message }) => Err(DatabendError::Unavailable(format!("{status}: {code}: {message}"))),
        None => {
            let said: String = String::from_utf8_lossy(&body).chars().take(SHOWN_CHARACTERS).collect();
            Err(DatabendError::Unavailable(format!("{status}: {said}")))
        }
    }
}

/// Returns an error with what caused it, outside in.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn user_id(row: &[Option<String>]) -> Result<UserId, DatabendError> {
    let read = match row {
        [Some(text)] => text.parse().ok().map(UserId),
        _ => None,
    };
    read.ok_or_else(|| DatabendError::Unexpected(format!("{row:?} where one user id was asked for")))
}
