//! What the history could not take is shown by the segments that depend on it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use schema::{Offset, PartitionId, StandingTraits, Timestamp, UserId};
use serde_json::{Value, json};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{
    HistoryCursor, HistoryPage, PartitionTraits, RefusedKind, RefusedRows, Warehouse, WarehouseError, WriteBatch,
};

use crate::app::{TestApp, config, eventually};

/// What a history lacks; `None` while it is away.
type Lack = Arc<Mutex<Option<Vec<RefusedRows>>>>;

/// A history that lacks something.
struct Lacking {
    inner: EmbeddedWarehouse,
    lack: Lack,
}

#[async_trait]
impl Warehouse for Lacking {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        self.inner.positions().await
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        self.inner.write(batch).await
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner.history(partition, before, cursor, max_rows).await
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        self.inner.user_traits(user_id).await
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.inner.partition_traits(partition).await
    }

    async fn refused(&self) -> Result<Vec<RefusedRows>, WarehouseError> {
        let lack = self.lack.lock().unwrap().clone();
        lack.ok_or_else(|| WarehouseError::Unavailable("away on purpose".to_owned()))
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner.user_events(user_id, cursor, max_rows).await
    }
}

async fn start(lack: &Lack) -> TestApp {
    let lack = lack.clone();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    TestApp::start_over_both(folder, config(), |log| Arc::new(log), |inner| Arc::new(Lacking { inner, lack })).await
}

async fn create(app: &TestApp, tag: &str, clause: &str) {
    let body = json!({ "tag": tag, "whereStatement": clause });
    app.post("/api/v1/segments", body).await.expect(201);
}

/// The warnings of all segments, by tag.
async fn warnings(app: &TestApp) -> Vec<(String, Value)> {
    let segments = app.get("/api/v1/segments").await.expect(200);
    let of = |segment: &Value| (segment["tag"].as_str().unwrap().to_owned(), segment["warnings"].clone());
    segments["items"].as_array().unwrap().iter().map(of).collect()
}

async fn warned(app: &TestApp) -> Vec<String> {
    let warned = warnings(app).await.into_iter().filter(|(_, warnings)| !warnings.is_null());
    warned.map(|(tag, _)| tag).collect()
}

#[tokio::test]
async fn segments_that_depend_on_what_the_history_could_not_take_say_so_until_it_is_there() {
    let since = Timestamp::from_micros(1_700_000_000_000_000);
    let purchases = RefusedRows { kind: RefusedKind::Event(Some("purchase".into())), rows: 2, since: Some(since) };
    let lack: Lack = Arc::new(Mutex::new(Some(vec![purchases])));
    let app = start(&lack).await;
    create(&app, "buyers", "activity_type = 'purchase' AND created_at >= now() - INTERVAL 7 DAY").await;
    create(&app, "viewers", "activity_type = 'page_viewed'").await;
    create(&app, "anybody", "region = 'California'").await;
    create(&app, "pros", "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')").await;
    let named = "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'buyers')";
    create(&app, "through", &format!("activity_type = 'page_viewed' AND {named}")).await;
    // Whoever is in a segment at all has an event, of whatever kind.
    let expected = ["buyers", "anybody", "pros", "through"];
    eventually("the warnings", async || (warned(&app).await == expected).then_some(())).await;
    let found = warnings(&app).await;
    let warning = &found[0].1[0];
    assert_eq!(
        (&warning["code"], &warning["activity_type"], &warning["rows"], &warning["since"]),
        (&json!("history_incomplete"), &json!("purchase"), &json!(2), &json!("2023-11-14T22:13:20Z"))
    );
    assert!(warning["detail"].as_str().unwrap().contains("2 events `purchase`"), "{warning}");
    let one = app.get("/api/v1/segments/1").await.expect(200);
    assert_eq!(one["warnings"], found[0].1, "one segment says what the list says");

    // While the history is away, what it said last stands.
    *lack.lock().unwrap() = None;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!(warned(&app).await, expected);
    *lack.lock().unwrap() = Some(vec![RefusedRows { kind: RefusedKind::Traits, rows: 1, since: None }]);
    eventually("the other warnings", async || (warned(&app).await == ["pros"]).then_some(())).await;
    *lack.lock().unwrap() = Some(Vec::new());
    eventually("an end of the warnings", async || warned(&app).await.is_empty().then_some(())).await;
}
