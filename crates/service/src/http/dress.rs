//! The layers around every service's routes, from the outside in: unread bodies, observe, panics, time, size.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::observe::observe;
use super::unread::close_after_unread;
use crate::config::HttpConfig;
use crate::problem::Problem;

/// Puts the common layers around a service's routes.
///
/// Every answer has a request id; every refusal, also one that axum or a layer makes (404, 405,
/// 413, 415, a timeout, a panic), is problem+json with a code.
pub fn dress(router: Router, config: &HttpConfig) -> Router {
    router
        .fallback(|| async { Problem::of_status(StatusCode::NOT_FOUND) })
        // Extractors obey the same limit as the layer, which also looks at `Content-Length` first.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(config.max_body_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, config.request_timeout()))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn(observe))
        .layer(from_fn(close_after_unread))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is tower-http's")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format!("panic: {}", text.unwrap_or("without a message"))).into_response()
}
