//! Which web pages may post events.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::CorsConfig;

/// How long a browser remembers what it may do.
const MAX_AGE: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn layer(config: &CorsConfig) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins(config))
        .allow_methods([Method::POST, Method::GET])
        .allow_headers([CONTENT_TYPE, AUTHORIZATION, HeaderName::from_static("x-request-id")])
        .expose_headers([RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(MAX_AGE)
}

fn origins(config: &CorsConfig) -> AllowOrigin {
    if config.allowed_origins.iter().any(|origin| origin == "*") {
        return AllowOrigin::any();
    }
    AllowOrigin::list(config.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
}
