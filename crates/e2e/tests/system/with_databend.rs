//! The three services with their history on a real Databend, beside a real Kafka and a real Postgres.

use std::collections::BTreeSet;

use e2e::cluster::{Cluster, ServiceName, Serving};
use e2e::now;
use e2e::system::{eventually, preview, segment};
use schema::{SegmentId, Timestamp, UserId};
use serde_json::{Value, json};
use shoal::client::{IngestionClient, SegmentsClient};
use testkit::servers::{DatabendServer, Kafka, Postgres, or_not_run};
use warehouse::databend::{Databend, DatabendOptions};

use crate::event;
use crate::three_processes::SERVICE;

const PARTITIONS: u16 = 6;
const USERS: usize = 30;

/// An installation as whoever looks from outside sees it.
struct Installation {
    cluster: Cluster,
    config: String,
    databend: Databend,
}

impl Installation {
    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.cluster.http().get(format!("{}{path}", self.config)).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Makes a segment and waits until it is live; returns how many members it has then.
    async fn create(&self, tag: &str, clause: &str) -> (SegmentId, u64) {
        let segments = SegmentsClient::new(self.cluster.http().clone(), &self.config);
        let created = segments.create(&segment(tag, clause)).await.unwrap();
        (created.id, self.fresh_size(created.id).await)
    }

    /// Waits until a segment's current version is live and look-ups know all of it; returns its size.
    async fn fresh_size(&self, segment_id: SegmentId) -> u64 {
        let path = format!("/api/v1/segments/{segment_id}/stats");
        let live = eventually(&path, || async { Ok((self.get(&path).await?["status"] == "live").then(now)) });
        let live_at = live.await.unwrap();
        let fresh = eventually(&path, || async {
            let stats = self.get(&path).await?;
            let as_of = stats["as_of"].as_str().and_then(|text| Timestamp::parse(text).ok());
            Ok(as_of.is_some_and(|as_of| as_of >= live_at).then(|| stats["user_count"].as_u64().unwrap()))
        });
        fresh.await.unwrap()
    }

    async fn preview(&self, body: &Value) -> Value {
        preview(self.cluster.http(), &self.config, body).await.unwrap()
    }

    /// Edits a segment, and checks that it has then whom the preview said, which was made by `evaluated_by`.
    async fn check_edit(&self, segment_id: SegmentId, tag: &str, clause: &str, evaluated_by: &str) {
        let before = self.members(tag).await;
        let body = json!({ "whereStatement": clause, "compare_to": segment_id, "sample": 100 });
        let previewed = self.preview(&body).await;
        assert_eq!(previewed["history"]["evaluated_by"], evaluated_by, "{previewed}");
        let segments = SegmentsClient::new(self.cluster.http().clone(), &self.config);
        segments.update(segment_id, &segment(tag, clause)).await.unwrap();
        self.fresh_size(segment_id).await;
        let after = self.members(tag).await;
        let diff = &previewed["compared_to"];
        assert_eq!(diff["size"], before.len(), "{previewed}");
        assert_eq!(named(&previewed), after);
        assert_eq!(named(&diff["entering"]), &after - &before);
        assert_eq!(named(&diff["leaving"]), &before - &after);
    }

    async fn members(&self, tag: &str) -> BTreeSet<i64> {
        let page = self.get(&format!("/api/v1/users/segment/{tag}?limit=100")).await.unwrap();
        page["items"].as_array().unwrap().iter().map(|member| member["id"].as_i64().unwrap()).collect()
    }

    /// Counts rows on Databend.
    async fn count(&self, of: &str) -> anyhow::Result<u64> {
        let counted = self.databend.query(&format!("SELECT count(*) FROM {of}")).await?;
        Ok(counted.rows[0][0].as_deref().unwrap_or_default().parse()?)
    }

    async fn until_databend_has(&self, events: usize) {
        let what = format!("{events} events on Databend");
        let arrived = eventually(&what, || async { Ok((self.count("events").await? >= events as u64).then_some(())) });
        arrived.await.unwrap();
        assert_eq!(self.count("events").await.unwrap(), events as u64);
    }

    /// Reads a user's whole timeline, page by page.
    async fn timeline(&self, user_id: UserId) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/v1/users/{user_id}/events?limit=2{cursor}")).await.unwrap();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// Returns who is named of a group, all of whom must be.
#[track_caller]
fn named(group: &Value) -> BTreeSet<i64> {
    let users: BTreeSet<i64> =
        group["sample"].as_array().unwrap().iter().map(|user| user["id"].as_i64().unwrap()).collect();
    assert_eq!(group["size"], users.len(), "{group}");
    users
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_on_databend_is_written_once_backfills_segments_and_forgets_the_deleted() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let (prefix, partitions, dsn) = (kafka.prefix(), PARTITIONS.to_string(), server.database());
    let cluster = Cluster::new(
        SERVICE,
        &[
            ("BUS_BROKERS", &kafka.brokers()),
            ("BUS_TOPIC_PREFIX", &prefix),
            ("BUS_GROUP", &format!("{prefix}segmenter")),
            ("STORE_URL", &postgres.database()),
            ("WAREHOUSE_URL", &dsn),
            ("SHOAL_PARTITIONS", &partitions),
        ],
    )
    .unwrap();
    let (first, second, config, segmenter) = tokio::join!(
        cluster.start(ServiceName::IngestionApi, "1"),
        cluster.start(ServiceName::IngestionApi, "2"),
        cluster.start(ServiceName::ConfigApi, "1"),
        cluster.start(ServiceName::Segmenter, "1"),
    );
    let (first, second, config, segmenter) = (first.unwrap(), second.unwrap(), config.unwrap(), segmenter.unwrap());
    let databend = Databend::new(DatabendOptions::parse(&dsn).unwrap()).unwrap();
    let installation = Installation { config: config.url().to_owned(), cluster, databend };
    let ingestion =
        [&first, &second].map(|serving| IngestionClient::new(installation.cluster.http().clone(), serving.url()));

    // Everybody three times through one instance or the other, and ana's first event once more.
    let mut users = BTreeSet::new();
    let mut posted = 0;
    for turn in 0..3 {
        for number in 0..USERS {
            let hours = i64::from(turn) * 3_600_000_000;
            let created_at = json!({ "created_at": now().plus_micros(-hours).to_string() });
            let event = event(&format!("visitor-{number}"), "page_viewed", &created_at);
            users.insert(ingestion[number % 2].post(&event).await.unwrap().user_id);
            posted += 1;
        }
    }
    let again = json!({ "event_id": "c1d1caef-b216-4fca-bd2d-d776bd6204d6" });
    let ana = ingestion[0].post(&event("ana", "product_purchased", &again)).await.unwrap().user_id;
    ingestion[1].post(&event("ana", "product_purchased", &again)).await.unwrap();
    installation.until_databend_has(posted + 1).await;

    let clause = "count(*) >= 3";
    let previewed = installation.preview(&json!({ "whereStatement": clause })).await;
    assert_eq!((&previewed["size"], &previewed["users"]), (&json!(USERS), &json!(USERS + 1)), "{previewed}");
    let history = &previewed["history"];
    assert_eq!((&history["events"], &history["evaluated_by"]), (&json!(posted + 1), &json!("databend")), "{history}");
    let (regulars_id, regulars) = installation.create("regulars", clause).await;
    assert_eq!(regulars, USERS as u64, "history counts");
    installation.check_edit(regulars_id, "regulars", "rollout(50, 'some') OR count(*) < 3", "databend").await;
    let of_regulars = "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'regulars') AND count(*) > 1";
    let (also_id, _) = installation.create("also", "rollout(30, 'others')").await;
    installation.check_edit(also_id, "also", of_regulars, "engine").await;
    let said = json!({ "id": "ana", "id_type": "cookie", "traits": { "plan": "pro" } });
    let identify = installation.cluster.http().post(format!("{}/api/v1/identify", first.url()));
    assert!(identify.body(said.to_string()).send().await.unwrap().status().is_success());
    let pro = "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')";
    let previewed = installation.preview(&json!({ "whereStatement": pro })).await;
    assert_eq!((&previewed["size"], &previewed["sample"][0]["id"]), (&json!(1), &json!(ana)), "{previewed}");
    assert_eq!(previewed["history"]["evaluated_by"], "databend");
    let timeline = installation.timeline(*users.first().unwrap()).await;
    assert_eq!(timeline.len(), 3, "{timeline:?}");
    assert!(timeline.is_sorted_by_key(|event| std::cmp::Reverse(event["created_at"].as_str().unwrap().to_owned())));
    assert_eq!(installation.timeline(ana).await.len(), 1, "the repeated event counts once");

    let url = format!("{}/api/v1/users/{ana}", installation.config);
    assert!(installation.cluster.http().delete(url).send().await.unwrap().status().is_success());
    let rows = format!("event_rows WHERE user_id = {ana}");
    let gone = eventually("no row of the deleted user", || async {
        Ok((installation.count(&rows).await? == 0).then_some(()))
    });
    gone.await.unwrap();
    assert_eq!(installation.count("deleted_users").await.unwrap(), 1);
    let (_, everybody) = installation.create("everybody", "").await;
    assert_eq!(everybody, USERS as u64, "without the deleted user");

    // Whichever of them wrote is gone; the other goes on with it.
    let post = async |serving: &Serving, id: &str| {
        let client = IngestionClient::new(installation.cluster.http().clone(), serving.url());
        client.post(&event(id, "page_viewed", &json!({}))).await.unwrap();
    };
    let seat = first.kill().await.unwrap();
    post(&second, "ben").await;
    installation.until_databend_has(posted + 1).await;
    let first = seat.start().await.unwrap();
    second.kill().await.unwrap();
    post(&first, "cem").await;
    installation.until_databend_has(posted + 2).await;
    first.stop().await.unwrap();
    let copies = "(SELECT 1 FROM events GROUP BY event_id, user_id HAVING count(*) > 1)";
    assert_eq!(installation.count(copies).await.unwrap(), 0);
    segmenter.stop().await.unwrap();
    config.stop().await.unwrap();
}
