//! The dashboard and the alerts ask for metrics that the services have, by the names that Prometheus sees.

use std::collections::BTreeSet;
use std::process::Command;

use e2e::system::{System, eventually};
use serde_json::{Value, json};

use crate::files::{items, path, text, yaml};

/// Where metrics are named.
const SOURCES: [&str; 6] = [
    "ingestion-api/src/metrics.rs",
    "ingestion-api/src/warehouse_writer/metrics.rs",
    "crates/warehouse/src/databend/metrics.rs",
    "config-api/src/metrics.rs",
    "segmenter/src/metrics.rs",
    "crates/service/src/http/observe.rs",
];
/// What Prometheus text puts behind a name.
const SUFFIXES: [&str; 6] = ["", "_total", "_seconds", "_seconds_bucket", "_seconds_sum", "_seconds_count"];

/// The names in the code, as Prometheus writes their letters.
fn named() -> BTreeSet<String> {
    let sources = SOURCES.map(text).join("\n");
    let quoted = sources.split('"').skip(1).step_by(2);
    let is_metric = |text: &&str| {
        ["shoal.", "segmenter.", "http."].iter().any(|start| text.starts_with(start))
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
    };
    quoted.filter(is_metric).map(|name| name.replace('.', "_")).collect()
}

/// The metrics that an expression asks for.
fn asked_for(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let ours = |word: &&str| ["shoal_", "segmenter_", "http_"].iter().any(|start| word.starts_with(start));
    words.filter(ours).map(str::to_owned).collect()
}

fn expressions() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/dashboards/shoal.json")).unwrap();
    let mut found = Vec::new();
    for panel in items(&dashboard["panels"]) {
        for target in items(&panel["targets"]) {
            found.push((panel["title"].as_str().unwrap().to_owned(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    assert!(found.len() > 20, "{} expressions", found.len());
    let alerts = yaml("deploy/prometheus/alerts.yml");
    for rule in items(&alerts["groups"]).flat_map(|group| items(&group["rules"])) {
        assert!(rule["annotations"]["summary"].is_string(), "{rule}");
        found.push((rule["alert"].as_str().unwrap().to_owned(), rule["expr"].as_str().unwrap().to_owned()));
    }
    found
}

#[test]
fn every_metric_that_is_asked_for_is_measured() {
    let named = named();
    assert!(named.len() > 25, "{named:?}");
    let known: BTreeSet<String> =
        named.iter().flat_map(|name| SUFFIXES.map(|suffix| format!("{name}{suffix}"))).collect();
    for (place, expression) in expressions() {
        for metric in asked_for(&expression) {
            assert!(known.contains(&metric), "{place} asks for {metric}, which nobody measures");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_system_shows_them_by_these_names_and_answers_probes() {
    let system = System::start(env!("CARGO_BIN_EXE_shoal-e2e")).await.unwrap();
    system.create("viewers", "created_at >= now() - INTERVAL 1 SECOND").await.unwrap();
    let event = json!({ "id": "ana", "id_type": "cookie", "payload": { "activity_type": "page_viewed" } });
    system.post(&event).await.unwrap();
    let at = system.process().places().metrics[0].clone();
    let text = eventually("somebody left by time alone", || async {
        let text = system.http().get(&at).send().await?.text().await?;
        Ok(text.contains("segmenter_timer_lateness_seconds_bucket").then_some(text))
    });
    let text = text.await.unwrap();
    let shown: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split(['{', ' ']).next()).filter(|word| *word != "#").collect();

    let named = named();
    let mut seen = 0;
    for (place, expression) in expressions() {
        for metric in asked_for(&expression) {
            let base = named.iter().filter(|name| metric.starts_with(name.as_str())).max_by_key(|name| name.len());
            let base = base.unwrap_or_else(|| panic!("{place} asks for {metric}"));
            // What has not happened yet (a retry, a dead letter) is not shown.
            if SUFFIXES.iter().any(|suffix| shown.contains(format!("{base}{suffix}").as_str())) {
                seen += 1;
                assert!(shown.contains(metric.as_str()), "{place} asks for {metric}; shown is another form of {base}");
            }
        }
    }
    assert!(seen > 30, "only {seen} metrics could be compared in\n{text}");

    let port = at.trim_end_matches("/metrics").rsplit_once(':').unwrap().1;
    let probe = |of: &str| Command::new(path("deploy/probe")).args([port, of]).status().unwrap().success();
    assert_eq!((probe("/healthz"), probe("/readyz"), probe("/nowhere")), (true, true, false));
}
