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

/// Returns a router with `/healthz` and `/readyz`; `readiness` says why the process cannot work now, or, when it can
/// and has nothing to do, why that is.
pub fn health_router<F, Fut>(readiness: F) -> Router
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<&'static str>, String>> + Send + 'static,
{
    let ready = move || {
        let readiness = readiness();
        async move { answer(readiness.await) }
    };
    Router::new().route("/healthz", get(|| async { ok(None) })).route("/readyz", get(ready))
}

/// Returns what a process serves on its metrics port: `/metrics` and its health.
pub fn metrics_server_router<F, Fut>(readiness: F) -> Router
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<&'static str>, String>> + Send + 'static,
{
    telemetry::metrics_router().merge(health_router(readiness))
}

fn answer(readiness: Result<Option<&'static str>, String>) -> Response {
    match readiness {
        Ok(note) => ok(note),
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
