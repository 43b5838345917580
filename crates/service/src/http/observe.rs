//! What is seen of every request: its id, its span, its latency, and its refusal.

use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::Instrument;

use crate::problem::Problem;
use crate::telemetry;

const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The most bytes of a client's own request id; a longer one is replaced.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// After how many seconds to try again what took too long.
const RETRY_AFTER_SECONDS: u64 = 1;

/// The route label of requests that match none; their path is input, and input is never a label.
const NO_ROUTE: &str = "none";

/// How long requests took, in seconds, by `route`, `method` and `status`.
static REQUEST_DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    telemetry::meter("service")
        .f64_histogram("http.server.request.duration")
        .with_unit("s")
        .with_description("How long requests took, by route, method and status")
        .build()
});

/// The id under which a request is found in logs: the client's own, or a new one.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(REQUEST_ID_HEADER).filter(|value| is_harmless(value.as_bytes()));
        Self(sent.cloned().unwrap_or_else(new_id))
    }

    /// Returns it as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

fn is_harmless(id: &[u8]) -> bool {
    (1..=MAX_REQUEST_ID_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

fn new_id() -> HeaderValue {
    let mut text = [0; uuid::fmt::Simple::LENGTH];
    let text = uuid::Uuid::new_v4().simple().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
}

pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!(
        "http.request",
        otel.kind = "server",
        http.method = %method,
        http.route = route_label(route.as_ref()),
        request.id = id.as_str(),
    );
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = span.in_scope(|| settle(response, &id));
    response.headers_mut().insert(REQUEST_ID_HEADER, id.0);
    let labels = [
        KeyValue::new("route", route_label(route.as_ref()).to_owned()),
        KeyValue::new("method", method_label(method.as_str())),
        KeyValue::new("status", i64::from(response.status().as_u16())),
    ];
    REQUEST_DURATION.record(started.elapsed().as_secs_f64(), &labels);
    response
}

fn route_label(route: Option<&MatchedPath>) -> &str {
    route.map_or(NO_ROUTE, MatchedPath::as_str)
}

/// A method is input too: only the known ones are labels.
fn method_label(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

/// Makes a problem of every refusal, and logs what went wrong on our side: the one place that does.
fn settle(response: Response, id: &RequestId) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) if !status.is_server_error() => {
            tracing::debug!(code = problem.code, "request refused");
            return response;
        }
        Some(problem) => problem.clone(),
        None => foreign_problem(&response),
    };
    if status.is_server_error() {
        log(&problem);
        return merge_headers(problem.to_response(Some(id.as_str())), response.headers());
    }
    merge_headers(problem.to_response(None), response.headers())
}

/// The problem for an answer that axum or a layer made.
fn foreign_problem(response: &Response) -> Problem {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        // Only the time limit answers so.
        return Problem::unavailable("timeout", "the request took too long", RETRY_AFTER_SECONDS);
    }
    Problem::of_status(response.status())
}

fn log(problem: &Problem) {
    let cause = problem.cause().unwrap_or_default();
    if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::warn!(code = problem.code, cause, "request could not be served now");
    } else {
        tracing::error!(code = problem.code, cause, "request failed");
    }
}

/// Keeps headers such as `Allow` of the answer that was replaced.
fn merge_headers(mut response: Response, replaced: &HeaderMap) -> Response {
    use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
    for (name, value) in replaced {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH && !response.headers().contains_key(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}
