//! Traces reach a collector. In a test program of its own: the first start of telemetry in a process decides.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use service::config::{Configuration, HttpConfig, TelemetryConfig, load_from};
use service::http::{bind, dress, serve};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize)]
struct Config {
    telemetry: TelemetryConfig,
}

impl Configuration for Config {
    const DEFAULT_TOML: &'static str = "[telemetry]\nservice_name = 'traced-service'\nlog_format = 'text'\n\
         log_filter = 'off'\notlp_endpoint = ''\ntrace_ratio = 0.0\n";
    const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
        ("OTEL_TRACES_SAMPLER_ARG", "telemetry.trace_ratio"),
    ];
}

fn http_config() -> HttpConfig {
    HttpConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        max_body_bytes: 1_000_000,
        max_connections: 8,
        header_timeout_ms: 10_000,
        request_timeout_ms: 10_000,
        drain_ms: 1_000,
    }
}

/// Starts a collector; returns its URL and what it receives.
async fn collector(shutdown: CancellationToken) -> (String, mpsc::UnboundedReceiver<Bytes>) {
    let (sender, received) = mpsc::unbounded_channel();
    let take = move |body: Bytes| {
        let sender = sender.clone();
        async move { sender.send(body).unwrap() }
    };
    let listener = bind(http_config().address).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { serve(listener, router, &http_config(), shutdown).await });
    (url, received)
}

fn contains(export: &Bytes, text: &str) -> bool {
    export.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_traced_to_the_collector_that_the_environment_names() {
    let shutdown = CancellationToken::new();
    let (url, mut received) = collector(shutdown.clone()).await;
    let environment = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(url.clone()),
        "OTEL_TRACES_SAMPLER_ARG" => Some("1".to_owned()),
        _ => None,
    };
    let config: Config = load_from(None, environment).unwrap();
    let telemetry = service::telemetry::init(&config.telemetry).unwrap();

    let router = dress(Router::new().route("/traced/{id}", get(|| async { "ok" })), &http_config());
    let request = Request::builder().uri("/traced/private").body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::OK);
    tokio::task::spawn_blocking(move || telemetry.flush()).await.unwrap();

    let export = tokio::time::timeout(PATIENCE, received.recv()).await.unwrap().unwrap();
    for part in ["traced-service", "http.request", "/traced/{id}"] {
        assert!(contains(&export, part), "{part} is missing from {}", String::from_utf8_lossy(&export));
    }
    assert!(!contains(&export, "private"), "a path is input and does not leave in a trace");
    shutdown.cancel();
}
