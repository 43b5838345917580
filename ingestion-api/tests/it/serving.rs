//! What is served besides events: health, metrics, and what browsers ask first.

use axum::http::{Method, Request, StatusCode};

use crate::app::{EVENTS, SAMPLE, TestApp, config, request};

#[tokio::test]
async fn health_is_served_on_the_public_port() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.call(request(Method::GET, path, "")).await.status, StatusCode::OK, "{path}");
    }
}

fn preflight(origin: &str) -> Request<axum::body::Body> {
    Request::builder()
        .method(Method::OPTIONS)
        .uri(EVENTS)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .body(axum::body::Body::empty())
        .unwrap()
}

#[tokio::test]
async fn pages_of_allowed_origins_may_post() {
    let mut config = config();
    config.cors.allowed_origins = vec!["https://shop.example".to_owned()];
    let app = TestApp::start_with(config).await;
    let allowed = app.call(preflight("https://shop.example")).await;
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://shop.example");
    let other = app.call(preflight("https://evil.example")).await;
    assert_eq!(other.headers.get("access-control-allow-origin"), None);

    let mut post = request(Method::POST, EVENTS, "{}");
    post.headers_mut().insert("origin", "https://shop.example".parse().unwrap());
    let refused = app.call(post).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.headers["access-control-allow-origin"], "https://shop.example", "a page must see why");
}

#[tokio::test]
async fn a_beacon_of_a_page_that_is_left_is_taken() {
    let app = TestApp::start().await;
    let mut beacon = request(Method::POST, EVENTS, SAMPLE);
    beacon.headers_mut().insert("content-type", "text/plain;charset=UTF-8".parse().unwrap());
    assert_eq!(app.call(beacon).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_happened_is_measured() {
    let app = TestApp::start().await;
    app.accept(SAMPLE).await;
    app.accept(SAMPLE).await;
    let metrics = service::telemetry::render();
    for name in [
        "shoal_ingest_events_accepted_total",
        "shoal_ingest_identity_cache_hits_total",
        "shoal_ingest_identity_cache_misses_total",
        "shoal_ingest_append_duration_seconds_bucket",
        "shoal_ingest_resolve_duration_seconds_bucket",
        r#"http_server_request_duration_seconds_count{method="POST",route="/api/v1/events",status="202"}"#,
    ] {
        assert!(metrics.contains(name), "{name} is missing from:\n{metrics}");
    }
}
