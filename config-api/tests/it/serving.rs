//! Health, metrics, documentation and the console.

use reqwest::Method;

use crate::app::TestApp;
use crate::publisher::Publisher;
use crate::stream::Stream;

#[tokio::test]
async fn metrics_tell_what_the_service_does() {
    let app = TestApp::start().await;
    app.segment("a").await;
    let mut publisher = Publisher::own(&app.log).await;
    let mut stream = Stream::open(&app, "", None).await;
    publisher.put(1, &[1]).await;
    stream.change().await;
    publisher.report(schema::Timestamp::from_micros(1), 1);
    let read = async || {
        let url = format!("http://{}/metrics", app.running.metrics);
        app.client.get(url).send().await.unwrap().text().await.unwrap()
    };
    for name in [
        "shoal_definitions_generation",
        "shoal_definitions_segments",
        "shoal_projection_lag",
        "shoal_projection_age_seconds",
        "shoal_projection_changes_total",
        "shoal_projection_duration_seconds_count",
        "shoal_changes_subscribers",
        "shoal_changes_streamed_total",
        "http_server_request_duration_seconds_count",
    ] {
        crate::app::eventually(name, async || read().await.contains(name).then_some(())).await;
    }
}

#[tokio::test]
async fn the_console_the_documentation_and_the_health_are_there() {
    let app = TestApp::start().await;
    for (path, content_type) in [
        ("/", "text/html"),
        ("/docs/", "text/html"),
        ("/openapi.json", "application/json"),
        ("/healthz", "application/json"),
        ("/readyz", "application/json"),
    ] {
        let answer = app.send(app.request(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(content_type), "{path}");
    }
}
