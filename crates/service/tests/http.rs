//! What a client sees of the common layers: ids, refusals, limits, shutdown.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use service::config::HttpConfig;
use service::http::{bind, dress, health_router, metrics_server_router, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn config() -> HttpConfig {
    HttpConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        max_body_bytes: 16,
        max_connections: 8,
        header_timeout_ms: 60_000,
        request_timeout_ms: 100,
        drain_ms: 5_000,
    }
}

async fn panics() -> &'static str {
    panic!("the secret is hunter2")
}

fn router() -> Router {
    let routes = Router::new()
        .route("/echo", post(|body: String| async move { body }))
        .route("/panic", get(panics))
        .route("/slow", get(|| async { std::future::pending::<()>().await }))
        .merge(health_router(|| async { Err("the store is away".to_owned()) }));
    dress(routes, &config())
}

async fn body_of(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn call(method: Method, path: &str, body: &'static str) -> Response {
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    router().oneshot(request).await.unwrap()
}

#[track_caller]
fn assert_problem(response: &Response, body: &str, status: StatusCode, code: &str) {
    assert_eq!(response.status(), status, "{body}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(value["code"], code);
    assert_eq!(value["status"], status.as_u16());
    if status.is_server_error() {
        assert_eq!(value["request_id"], response.headers()["x-request-id"].to_str().unwrap());
    }
}

async fn check(method: Method, path: &str, body: &'static str, status: StatusCode, code: &str) -> Response {
    let response = call(method.clone(), path, body).await;
    let (parts, sent) = response.into_parts();
    let text = body_of(Response::new(sent)).await;
    assert!(!text.contains("hunter2"), "{text}");
    let response = Response::from_parts(parts, Body::empty());
    assert_problem(&response, &text, status, code);
    response
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_code() {
    check(Method::GET, "/nowhere", "", StatusCode::NOT_FOUND, "not_found").await;
    let refused = check(Method::GET, "/echo", "", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").await;
    assert_eq!(refused.headers()["allow"], "POST");
    check(Method::POST, "/echo", "seventeen bytes!!", StatusCode::PAYLOAD_TOO_LARGE, "body_too_large").await;
    check(Method::GET, "/panic", "", StatusCode::INTERNAL_SERVER_ERROR, "internal").await;
    let late = check(Method::GET, "/slow", "", StatusCode::SERVICE_UNAVAILABLE, "timeout").await;
    assert_eq!(late.headers()["retry-after"], "1");
    check(Method::GET, "/readyz", "", StatusCode::SERVICE_UNAVAILABLE, "not_ready").await;
}

#[tokio::test]
async fn a_good_request_passes_and_gets_an_id() {
    let response = call(Method::POST, "/echo", "sixteen bytes!!!").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-request-id"].len(), 32);
    assert_eq!(body_of(response).await, "sixteen bytes!!!");
}

#[tokio::test]
async fn a_client_may_bring_its_own_request_id_if_it_is_harmless() {
    for (sent, kept) in [("abc-1.2", true), ("with space", false), (&"x".repeat(65), false)] {
        let request = Request::builder().uri("/healthz").header("x-request-id", sent).body(Body::empty()).unwrap();
        let response = router().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-request-id"] == sent, kept, "{sent}");
    }
}

#[tokio::test]
async fn requests_are_timed_by_route_and_never_by_path() {
    drop(call(Method::GET, "/private/path", "").await);
    drop(call(Method::POST, "/echo", "x").await);
    let metrics = metrics_server_router(|| async { Ok(None) });
    let request = Request::builder().uri("/metrics").body(Body::empty()).unwrap();
    let text = body_of(metrics.oneshot(request).await.unwrap()).await;
    assert!(
        text.contains(r#"http_server_request_duration_seconds_count{method="POST",route="/echo",status="200"}"#),
        "{text}"
    );
    assert!(!text.contains("private"), "{text}");
}

#[tokio::test]
async fn a_process_that_is_ready_may_say_why_it_does_nothing() {
    let health = health_router(|| async { Ok(Some("others do it")) });
    let request = Request::builder().uri("/readyz").body(Body::empty()).unwrap();
    let response = health.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body: serde_json::Value = serde_json::from_str(&body_of(response).await).unwrap();
    assert_eq!(body, serde_json::json!({"status": "ok", "detail": "others do it"}));
}

async fn http_get(stream: &mut tokio::net::TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
}

#[tokio::test]
async fn shutdown_lets_requests_under_way_finish_and_closes_idle_connections() {
    let (entered, mut entering) = tokio::sync::mpsc::channel::<()>(1);
    let (release, released) = tokio::sync::watch::channel(false);
    let work = move || {
        let (entered, mut released) = (entered.clone(), released.clone());
        async move {
            entered.send(()).await.unwrap();
            released.wait_for(|done| *done).await.unwrap();
            "done"
        }
    };
    let shutdown = CancellationToken::new();
    let listener = bind(config().address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let token = shutdown.clone();
    let router = Router::new().route("/work", get(work));
    let server = tokio::spawn(async move { serve(listener, router, &config(), token).await });

    let mut idle = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut busy = tokio::net::TcpStream::connect(address).await.unwrap();
    http_get(&mut busy, "/work").await;
    entering.recv().await.unwrap();
    shutdown.cancel();
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.unwrap();
    assert!(nothing.is_empty());
    assert!(!server.is_finished());
    release.send(true).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_sends_no_headers_in_the_configured_time_is_cut_off() {
    let listener = bind(config().address).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    let config = HttpConfig { header_timeout_ms: 50, ..config() };
    let server = tokio::spawn(async move { serve(listener, router(), &config, token).await });
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    let mut nothing = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut nothing)).await;
    ended.expect("the connection is still open").unwrap();
    shutdown.cancel();
    server.await.unwrap().unwrap();
}

/// Reads the head and the body of one answer.
async fn read_answer(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                return text;
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the answer ended early: {text}");
    }
}

async fn check_reuse(first: &str, status: &str, reusable: bool) {
    let shutdown = CancellationToken::new();
    let listener = bind(config().address).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let token = shutdown.clone();
    let server = tokio::spawn(async move { serve(listener, router(), &config(), token).await });

    stream.write_all(first.as_bytes()).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(10), read_answer(&mut stream)).await.unwrap();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert_eq!(!answer.contains("connection: close"), reusable, "{answer}");
    if reusable {
        http_get(&mut stream, "/healthz").await;
        assert!(read_answer(&mut stream).await.ends_with(r#"{"status":"ok"}"#));
    } else {
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "closed, as the answer said");
    }
    shutdown.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_is_reused_unless_a_body_was_left_unread_and_then_the_answer_says_so() {
    let post = |path: &str, length: usize, body: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    check_reuse(&post("/echo", 5, "hello"), "200", true).await;
    check_reuse("GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", "404", true).await;
    // Refused before the body came.
    check_reuse(&post("/echo", 1_000, ""), "413", false).await;
    check_reuse(&post("/nowhere", 10, ""), "404", false).await;
    check_reuse(&post("/echo", 10, "half"), "503", false).await;
}
