//! The tools of the one binary, as people run them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::{SHOAL, start};

fn shoal(arguments: &[&str]) -> Output {
    Command::new(SHOAL).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn write(folder: &Path, name: &str, lines: &[&str]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

const ANA: &str =
    r#"{"id":"ana","id_type":"cookie","created_at":"2026-01-01T00:00:00Z","payload":{"activity_type":"page_viewed"}}"#;
const BEN: &str =
    r#"{"id":"ben","id_type":"cookie","created_at":"2026-01-01T00:10:00Z","payload":{"activity_type":"page_viewed"}}"#;
const BAD: &str = r#"{"id":"mallory","id_type":"shoe_size","payload":{"activity_type":"page_viewed"}}"#;

#[tokio::test]
async fn a_replay_tells_what_was_refused_and_counts_nothing_twice() {
    let system = start().await;
    let folder = tempfile::tempdir().unwrap();
    // Two equal lines are two events.
    let file = write(folder.path(), "events.ndjson", &[ANA, BAD, "nonsense", BEN, BEN]);
    let to = system.process().places().ingestion.clone();
    for run in 1..=2 {
        let (file, to) = (file.clone(), to.clone());
        let output = tokio::task::spawn_blocking(move || shoal(&["replay", &file, "--to", &to])).await.unwrap();
        assert_eq!(output.status.code(), Some(1), "run {run}: {}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with("accepted 3 events"), "run {run}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains("refused 2 events"), "run {run}: {}", text(&output.stderr));
    }
    let refused = std::fs::read_to_string(format!("{file}.refused.ndjson")).unwrap();
    let refused: Vec<Value> = refused.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(u64, &str)> =
        refused.iter().map(|refused| (refused["line"].as_u64().unwrap(), refused["code"].as_str().unwrap())).collect();
    assert_eq!(told, [(2, "unknown_id_type"), (3, "malformed_json")]);

    let id = system.create("twice", "count(*) >= 2").await.unwrap();
    assert_eq!(system.size(id).await.unwrap(), 1, "ben did two things, ana one, although both were replayed twice");
}

#[tokio::test]
async fn a_replay_of_bad_events_only_tells_each_of_them() {
    let system = start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "events.json", &["[", BAD, ",", BAD, "]"]);
    let to = system.process().places().ingestion.clone();
    let refused = folder.path().join("refused").to_str().unwrap().to_owned();
    let output = {
        let refused = refused.clone();
        let run = move || shoal(&["replay", &file, "--to", &to, "--refused", &refused]);
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(refused).unwrap().matches("unknown_id_type").count(), 4, "twice per line");
}

#[test]
fn eval_prints_one_object_per_instant_and_its_evaluators_agree() {
    let folder = tempfile::tempdir().unwrap();
    let numbered = BEN.replacen('{', r#"{"user_id":42,"#, 1);
    let events = write(folder.path(), "events.ndjson", &[ANA, BEN, &numbered]);
    let clause = "created_at >= now() - INTERVAL 30 MINUTE";
    let instants = ["2026-01-01T00:30:00Z", "2026-01-01T00:30:00.000001Z", "2026-01-01T00:40:00.000001Z"];
    let expected = concat!(
        r#"{"at":"2026-01-01T00:30:00Z","user_ids":[42,"ana","ben"]}"#,
        "\n",
        r#"{"at":"2026-01-01T00:30:00.000001Z","user_ids":[42,"ben"]}"#,
        "\n",
        r#"{"at":"2026-01-01T00:40:00.000001Z","user_ids":[]}"#,
        "\n"
    );
    for evaluator in ["incremental", "naive"] {
        let mut arguments = vec!["eval", "--events", &events, "--where", clause, "--evaluator", evaluator, "--at"];
        arguments.extend(instants);
        let output = shoal(&arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), expected, "{evaluator}");
    }
}

#[test]
fn eval_knows_what_was_said_of_users_and_who_is_in_other_segments() {
    let folder = tempfile::tempdir().unwrap();
    let said = |user: &str, at: &str, plan: &str| {
        format!(r#"{{"id":"{user}","id_type":"cookie","created_at":"{at}","traits":{{"plan":"{plan}"}}}}"#)
    };
    let lines = [
        ANA.to_owned(),
        BEN.to_owned(),
        said("ben", "2026-01-01T00:00:00Z", "free"),
        said("ben", "2026-01-02T00:00:00Z", "pro"),
        said("ben", "2026-01-01T12:00:00Z", "free"),
        said("nobody", "2026-01-01T00:00:00Z", "pro"),
    ];
    let events = write(folder.path(), "events.ndjson", &lines.each_ref().map(String::as_str));
    let in_segment = |tag: &str| format!("user_id IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')");
    let pros =
        format!("pros: user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro') AND {}", in_segment("new"));
    let clause = in_segment("pros");
    let given = ["--segment", &pros, "--segment", "new: created_at >= now() - INTERVAL 30 MINUTE"];
    let ask = |given: &[&str], evaluator: &str| {
        let at = ["--evaluator", evaluator, "--at", "2026-01-01T00:40:00Z", "2026-01-01T00:40:00.000001Z"];
        shoal(&[&["eval", "--events", &events, "--where", &clause], given, &at].concat())
    };
    for evaluator in ["incremental", "naive"] {
        let output = ask(&given, evaluator);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let told: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told[0]["user_ids"], serde_json::json!(["ben"]), "{evaluator}");
        assert_eq!(told[1]["user_ids"], serde_json::json!([]), "{evaluator}");
    }
    let output = ask(&given[..2], "naive");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no segment `new`"), "{}", text(&output.stderr));
}

#[test]
fn eval_underlines_what_is_wrong_with_a_clause() {
    let folder = tempfile::tempdir().unwrap();
    let events = write(folder.path(), "events.ndjson", &[ANA]);
    let output = shoal(&["eval", "--events", &events, "--where", "regoin = 'California'", "--at", "2026-01-01"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("  | regoin = 'California'\n  | ^^^^^^\n"), "{}", text(&output.stderr));
}
