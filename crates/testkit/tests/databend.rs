//! The way to Databend: rows arrive there as they are, refusals come back as values.

#![cfg(feature = "databend")]

use std::process::Command;

use schema::{Decimal, Event, EventId, Payload, Timestamp, UserId};
use testkit::databend::{Databend, answered};
use testkit::servers::{DatabendServer, or_not_run};
use uuid::Uuid;

fn event(user_id: i64, region: Option<&str>, payload: &str) -> Event {
    Event {
        region: region.map(Into::into),
        order_total: Decimal::new(125_001, 4),
        received_at: Timestamp::from_micros(-1),
        payload: Payload::new(serde_json::from_str(payload).expect("a payload is JSON")),
        ..Event::new(
            EventId(Uuid::from_u128(user_id as u128)),
            UserId(user_id),
            "page_viewed",
            Timestamp::from_micros(1_767_225_600_000_001),
        )
    }
}

#[tokio::test]
async fn events_arrive_as_they_are() {
    let Some(databend) = Databend::or_not_run().await else { return };
    databend.create_tables().await.unwrap();
    let nasty = "a\"b,c\n\\N \\ 'q' \t é🎈";
    databend
        .load_events(&[
            event(1, None, "{}"),
            event(2, Some(nasty), r#"{"k": "\"x\", \\ é\n", "total": 1.10}"#),
            event(3, Some("\\N"), "{}"),
        ])
        .await
        .unwrap();
    let cells = databend
        .query(
            "SELECT user_id, event_id, region, order_total, created_at, received_at, payload->>'k', payload->>'total'
             FROM events ORDER BY user_id",
        )
        .await
        .unwrap();
    let text = |text: &str| Some(text.to_owned());
    let row = |user: &str, region, k, total| {
        let id = format!("00000000-0000-0000-0000-00000000000{user}");
        let (created, received) = ("2026-01-01 00:00:00.000001", "1969-12-31 23:59:59.999999");
        vec![text(user), Some(id), region, text("12.5001"), text(created), text(received), k, total]
    };
    assert_eq!(
        cells.rows,
        [
            row("1", None, None, None),
            row("2", text(nasty), text("\"x\", \\ é\n"), text("1.10")),
            row("3", text("\\N"), None, None),
        ]
    );
    let users = databend.user_ids("SELECT user_id FROM events WHERE region IS NOT NULL").await.unwrap();
    assert_eq!(users, [UserId(2), UserId(3)]);
    databend.clear_tables().await.unwrap();
    assert_eq!(databend.user_ids("SELECT user_id FROM events").await.unwrap(), []);
    databend.finish().await.unwrap();
}

#[tokio::test]
async fn what_databend_refuses_is_a_value() {
    let Some(databend) = Databend::or_not_run().await else { return };
    for (sql, code) in [("SELECT nosuch", 1065), ("SELEC 1", 1005), ("SELECT 1 / (number - 1) FROM numbers(2)", 1006)] {
        let refused = answered(databend.query(sql).await).unwrap();
        assert_eq!(refused.map_err(|refused| refused.code), Err(code), "{sql}");
    }
    databend.finish().await.unwrap();
}

#[tokio::test]
async fn a_long_answer_comes_whole() {
    let Some(databend) = Databend::or_not_run().await else { return };
    let cells = databend.query("SELECT number FROM numbers(25000) ORDER BY number").await.unwrap();
    assert_eq!((cells.rows.len(), cells.rows[24_999][0].as_deref()), (25_000, Some("24999")));
    databend.finish().await.unwrap();
}

#[test]
fn the_server_passes_the_tests_that_lie_beside_it() {
    let Some(python) = or_not_run(DatabendServer::python()) else { return };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/databend");
    let output = Command::new(python).args(["-m", "unittest"]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
