//! Posting events.

use std::time::Duration;

use serde::Deserialize;

/// Why a post did not take effect, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// No answer, so nobody knows whether it was stored: try again with the same `event_id`.
    #[error("no answer: {0}")]
    NoAnswer(#[source] reqwest::Error),
    /// Overloaded or away for now: try again, after this long if it says so.
    #[error("not now: {status}: {body}")]
    TryLater {
        /// 429 or 5xx.
        status: u16,
        /// What `Retry-After` says.
        retry_after: Option<Duration>,
        /// The problem document.
        body: String,
    },
    /// Refused: trying again will not help.
    #[error("refused: {status}: {body}")]
    Refused {
        /// 4xx.
        status: u16,
        /// The problem document.
        body: String,
    },
}

impl PostError {
    /// Returns the stable `code` of the problem document, if there is one.
    pub fn code(&self) -> Option<String> {
        let (Self::TryLater { body, .. } | Self::Refused { body, .. }) = self else { return None };
        let problem: serde_json::Value = serde_json::from_str(body).ok()?;
        Some(problem.get("code")?.as_str()?.to_owned())
    }
}

/// The answer to a single event.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Accepted {
    /// The event's id: the one sent, or a new one.
    pub event_id: schema::EventId,
    /// The user it was taken for.
    pub user_id: schema::UserId,
}

/// A client of the ingestion-api.
#[derive(Clone, Debug)]
pub struct IngestionClient {
    http: reqwest::Client,
    url: String,
}

impl IngestionClient {
    /// Talks to the ingestion-api at `url`.
    pub fn new(http: reqwest::Client, url: &str) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned() }
    }

    /// Posts one event. When it returns `Ok`, the event is durable.
    pub async fn post(&self, event: &serde_json::Value) -> Result<Accepted, PostError> {
        let request = self.http.post(format!("{}/api/v1/events", self.url)).json(event);
        let body = send(request).await?;
        read_answer(&body)
    }

    /// Posts NDJSON to the batch endpoint; each line has its own outcome.
    pub async fn post_batch(&self, ndjson: String) -> Result<BatchAnswer, PostError> {
        let request = self
            .http
            .post(format!("{}/api/v1/events/batch", self.url))
            .header("content-type", "application/x-ndjson")
            .body(ndjson);
        let body = send(request).await?;
        read_answer(&body)
    }
}

/// The answer to a batch: one outcome per line, in order.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct BatchAnswer {
    /// In the order of the lines.
    #[serde(alias = "items")]
    pub results: Vec<ItemOutcome>,
}

/// What became of one line of a batch.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct ItemOutcome {
    /// 202, or what the event alone would have been answered.
    pub status: u16,
    /// Its id, when it was accepted.
    #[serde(default)]
    pub event_id: Option<schema::EventId>,
    /// Its user, when it was accepted.
    #[serde(default)]
    pub user_id: Option<schema::UserId>,
    /// Why it was refused: a stable code.
    #[serde(default)]
    pub code: Option<String>,
    /// Why it was refused, in words.
    #[serde(default)]
    pub detail: Option<String>,
}

async fn send(request: reqwest::RequestBuilder) -> Result<String, PostError> {
    let response = request.send().await.map_err(PostError::NoAnswer)?;
    let status = response.status();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let body = response.text().await.map_err(PostError::NoAnswer)?;
    if status.is_success() {
        return Ok(body);
    }
    let status = status.as_u16();
    match status {
        429 | 500.. => Err(PostError::TryLater { status, retry_after, body }),
        _ => Err(PostError::Refused { status, body }),
    }
}

/// An answer that cannot be read is no answer a client can rely on.
fn read_answer<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, PostError> {
    serde_json::from_str(body).map_err(|error| PostError::TryLater {
        status: 200,
        retry_after: None,
        body: format!("unreadable answer ({error}): {body}"),
    })
}
