//! `/healthz`: the process lives. `/readyz`: it can do its work.

use std::future::Future;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::problem::Problem;
use crate::telemetry;

/// After how many seconds to look again at a process that is not ready.
const RETRY_AFTER_SECONDS: u64 = 1;

/// What a process that can do its work says besides: nothing, or why it has none.
pub trait Note {
    /// Returns it, in plain words.
    fn note(self) -> Option<&'static str>;
}

impl Note for () {
    fn note(self) -> Option<&'static str> {
        None
    }
}

impl Note for Option<&'static str> {
    fn note(self) -> Option<&'static str> {
        self
    }
}

/// Returns a router with `/healthz` and `/readyz`; `readiness` says why the process cannot work now.
pub fn health_router<F, Fut, N>(readiness: F) -> Router
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<N, String>> + Send + 'static,
    N: Note + 'static,
{
    let ready = move || {
        let readiness = readiness();
        async move { answer(readiness.await) }
    };
    Router::new().route("/healthz", get(|| async { ok(None) })).route("/readyz", get(ready))
}

/// Returns what a process serves on its metrics port: `/metrics` and its health.
pub fn metrics_server_router<F, Fut, N>(readiness: F) -> Router
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<N, String>> + Send + 'static,
    N: Note + 'static,
{
    telemetry::metrics_router().merge(health_router(readiness))
}

fn answer(readiness: Result<impl Note, String>) -> Response {
    match readiness {
        Ok(note) => ok(note.note()),
        Err(reason) => Problem::unavailable("not_ready", reason, RETRY_AFTER_SECONDS).into_response(),
    }
}

fn ok(note: Option<&'static str>) -> Response {
    let mut body = json!({"status": "ok"});
    if let Some(note) = note {
        body["detail"] = note.into();
    }
    (StatusCode::OK, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
