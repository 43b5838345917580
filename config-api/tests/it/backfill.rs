//! How far a version is on its way through the history, and when it is there.

use schema::{BackfillRun, Generation, Timestamp};
use serde_json::{Value, json};

use crate::app::{PARTITIONS, TestApp};
use crate::publisher::Publisher;

const NOW: Timestamp = Timestamp::from_micros(1);

/// A partition's way from the definitions before `to` to those.
fn run(to: u64, absorbed_rows: u64, total_rows: Option<u64>, rows_per_second: Option<u64>) -> BackfillRun {
    BackfillRun { from: Generation(to - 1), to: Generation(to), absorbed_rows, total_rows, rows_per_second }
}

fn present() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap())
}

async fn backfill(app: &TestApp, id: i64) -> Value {
    app.get(&format!("/api/v1/segments/{id}/backfill")).await.expect(200)
}

#[tokio::test]
async fn a_backfill_says_how_far_it_is_and_when_it_ends() {
    let app = TestApp::start().await;
    let id = app.segment("a").await;
    let mut publisher = Publisher::own(&app.log).await;
    let unknown = json!({
        "id": id, "segment": "a", "version": 1, "generation": 1, "status": "pending",
        "partitions_live": 0, "partitions": 4, "absorbed_rows": 0, "total_rows": null, "share": null,
        "rows_per_second": null, "eta": null, "eta_seconds": null
    });
    assert_eq!(backfill(&app, id).await, unknown, "nobody has begun");

    publisher.report_backfills(
        NOW,
        [run(1, 0, Some(1_000), None), run(1, 0, None, None), run(1, 0, None, None), run(1, 0, None, None)],
    );
    let seen = backfill(&app, id).await;
    assert_eq!(
        (&seen["status"], &seen["total_rows"], &seen["eta"]),
        (&json!("backfilling"), &Value::Null, &Value::Null)
    );

    publisher.report_backfills(NOW, [run(1, 10, Some(1_000), None); PARTITIONS as usize]);
    let seen = backfill(&app, id).await;
    assert_eq!((&seen["total_rows"], &seen["share"]), (&json!(4_000), &json!(0.01)));
    assert_eq!((&seen["eta"], &seen["eta_seconds"]), (&Value::Null, &Value::Null), "no rate is known yet");

    // Two of four read; those that wait for their turn are waited for as well.
    let (reading, waiting) = (run(1, 500, Some(1_000), Some(50)), run(1, 10, Some(1_000), None));
    publisher.report_backfills(NOW, [reading, reading, waiting, waiting]);
    let before = present();
    let seen = backfill(&app, id).await;
    assert_eq!(
        (&seen["absorbed_rows"], &seen["rows_per_second"], &seen["eta_seconds"]),
        (&json!(1_020), &json!(100), &json!(30))
    );
    let eta = Timestamp::parse(seen["eta"].as_str().unwrap()).unwrap();
    assert!((29_000_000..40_000_000).contains(&eta.micros_since(before)), "{eta:?} after {before:?}");
    let segment = app.get(&format!("/api/v1/segments/{id}")).await.expect(200);
    assert_eq!(segment["progress"]["eta_seconds"], 30, "the segment says the same");

    publisher.report_backfills(NOW, [run(1, 990, Some(990), None); PARTITIONS as usize]);
    let seen = backfill(&app, id).await;
    assert_eq!((&seen["status"], &seen["partitions_live"], &seen["share"]), (&json!("live"), &json!(4), &json!(1.0)));
    assert_eq!((&seen["absorbed_rows"], &seen["total_rows"]), (&json!(3_960), &json!(3_960)));
    assert_eq!(
        (&seen["eta"], &seen["eta_seconds"], &seen["rows_per_second"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn an_edited_segment_has_the_way_of_its_new_version_to_go() {
    let app = TestApp::start().await;
    let id = app.segment("a").await;
    let mut publisher = Publisher::own(&app.log).await;
    publisher.report_backfills(NOW, [run(1, 990, Some(990), None); PARTITIONS as usize]);
    assert_eq!(backfill(&app, id).await["status"], "live");
    let edited = json!({ "tag": "a", "whereStatement": "region = 'Nevada'" });
    app.put(&format!("/api/v1/segments/{id}"), edited).await.expect(200);
    let seen = backfill(&app, id).await;
    assert_eq!((&seen["version"], &seen["status"], &seen["share"]), (&json!(2), &json!("pending"), &Value::Null));
    assert_eq!(seen["absorbed_rows"], 0, "what was read for the version before is not read for this one");
    publisher.report_backfills(NOW, [run(2, 100, Some(1_000), Some(10)); PARTITIONS as usize]);
    let seen = backfill(&app, id).await;
    assert_eq!((&seen["share"], &seen["eta_seconds"]), (&json!(0.1), &json!(90)));
    // Another segment, which comes with the next definitions, waits until these are in force.
    let other = app.segment("b").await;
    let seen = backfill(&app, other).await;
    assert_eq!((&seen["status"], &seen["eta"]), (&json!("pending"), &Value::Null));
    app.delete(&format!("/api/v1/segments/{id}")).await.expect(204);
    app.get(&format!("/api/v1/segments/{id}/backfill")).await.problem(404, "not_found");
}
