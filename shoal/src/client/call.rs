//! One HTTP call and what can become of it.

use std::time::Duration;

/// Why a call did not take effect, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No answer, so nobody knows whether it took effect.
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

impl CallError {
    /// Returns the stable `code` of the problem document, if there is one.
    pub fn code(&self) -> Option<String> {
        let (Self::TryLater { body, .. } | Self::Refused { body, .. }) = self else { return None };
        let problem: serde_json::Value = serde_json::from_str(body).ok()?;
        Some(problem.get("code")?.as_str()?.to_owned())
    }
}

/// Sends a request and returns the body of a 2xx.
pub(super) async fn send(request: reqwest::RequestBuilder) -> Result<String, CallError> {
    let response = request.send().await.map_err(CallError::NoAnswer)?;
    let status = response.status();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let body = response.text().await.map_err(CallError::NoAnswer)?;
    if status.is_success() {
        return Ok(body);
    }
    let status = status.as_u16();
    match status {
        429 | 500.. => Err(CallError::TryLater { status, retry_after, body }),
        _ => Err(CallError::Refused { status, body }),
    }
}

/// Reads a body. An answer that cannot be read is no answer a client can rely on.
pub(super) fn read_answer<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, CallError> {
    serde_json::from_str(body).map_err(|error| CallError::TryLater {
        status: 200,
        retry_after: None,
        body: format!("unreadable answer ({error}): {body}"),
    })
}
