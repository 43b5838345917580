//! What a client is told when its request is refused: RFC 9457 problem+json with a stable `code`.
//!
//! A 4xx explains itself, fault by fault; a 5xx says only its code and the request's id, and what
//! was wrong is logged once, by `http::observe`.

use std::fmt;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Where in a text a fault lies: bytes, the end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct FaultSpan {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// One fault of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Fault {
    /// What kind of fault, as a stable label.
    pub code: &'static str,
    /// The fault in a sentence.
    pub detail: String,
    /// Which field of the request it is in, such as `payload.order_total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where in the field's text it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<FaultSpan>,
}

impl Fault {
    /// Makes a fault of the request as a whole.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, span: None }
    }

    /// Says which field it is in.
    pub fn in_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says where in the field's text it is.
    pub fn at(mut self, start: usize, end: usize) -> Self {
        self.span = Some(FaultSpan { start, end });
        self
    }
}

/// A refused request.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What kind of problem, as a stable label: part of the API.
    pub code: &'static str,
    /// The problem in a sentence.
    pub detail: String,
    /// Each fault; with exactly one, its code and detail are the problem's.
    pub errors: Vec<Fault>,
    /// After how many seconds the same request may succeed.
    pub retry_after_seconds: Option<u64>,
    /// What is logged and never sent.
    cause: Option<String>,
}

/// The body of a problem: RFC 9457, `application/problem+json`.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: the status says it.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What kind of problem, as a stable label.
    code: &'static str,
    /// The problem in a sentence.
    detail: String,
    /// Each fault of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// With a 5xx: under which id it is found in our logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// Makes a problem without single faults.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after_seconds: None, cause: None }
    }

    /// Makes a problem of several faults. A single one lends it its code; several are `several`.
    pub fn of_faults(status: StatusCode, several: &'static str, faults: Vec<Fault>) -> Self {
        let (code, detail) = match faults.as_slice() {
            [fault] => (fault.code, fault.detail.clone()),
            faults => (several, format!("the request has {} faults", faults.len())),
        };
        Self { errors: faults, ..Self::new(status, code, detail) }
    }

    /// 404 `not_found`.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 500 `internal`; the cause is logged and not sent.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side").because(cause)
    }

    /// 503 with `Retry-After`.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after_seconds: u64) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        problem.retry_after_seconds = Some(retry_after_seconds);
        problem
    }

    /// Keeps what is to be logged, and never sent.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Adds single faults.
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// Returns the problem that a bare error status stands for.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "there is nothing at this path"),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this path does not know the method"),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the request body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "the request body is not of a known media type")
            }
            StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the request was not sent in time"),
            StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "the request could not be answered in time"),
            status if status.is_server_error() => ("internal", "something went wrong on our side"),
            _ => ("bad_request", "the request is malformed"),
        };
        Self::new(status, code, detail)
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Returns the JSON body; a 5xx names the request.
    pub(crate) fn to_json(&self, request_id: Option<&str>) -> Vec<u8> {
        let body = ProblemBody {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            request_id: request_id.map(str::to_owned),
        };
        // Strings and integers only: there is nothing in it that could fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Problem {}

impl Problem {
    pub(crate) fn to_response(&self, request_id: Option<&str>) -> Response {
        let mut response = Response::new(Body::from(self.to_json(request_id)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The response also carries the problem itself, for `http::observe` to log and to complete.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.to_response(None);
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_fault_lends_the_problem_its_code() {
        let fault = Fault::new("missing_id", "`id` is missing").in_field("id").at(1, 3);
        let problem = Problem::of_faults(StatusCode::BAD_REQUEST, "invalid_event", vec![fault]);
        assert_eq!(
            String::from_utf8(problem.to_json(None)).unwrap(),
            r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"missing_id","detail":"`id` is missing","errors":[{"code":"missing_id","detail":"`id` is missing","field":"id","span":{"start":1,"end":3}}]}"#
        );
    }

    #[test]
    fn a_cause_is_never_sent() {
        let json = String::from_utf8(Problem::internal("password is hunter2").to_json(None)).unwrap();
        assert!(!json.contains("hunter2"), "{json}");
    }
}
