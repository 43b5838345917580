//! The three services as three processes, on a real Kafka and a real Postgres.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use e2e::cluster::{Cluster, ServiceName};
use e2e::committed::CommittedChanges;
use e2e::now;
use e2e::system::{eventually, segment};
use schema::{Cause, SegmentChange, SegmentId, Timestamp, UserId};
use serde_json::{Value, json};
use shoal::client::{ChangeStream, IngestionClient, SegmentsClient};
use testkit::servers::{Kafka, Postgres, or_not_run};

use crate::event;

/// The same services as in their own binaries.
pub(crate) const SERVICE: &str = env!("CARGO_BIN_EXE_shoal-e2e-service");
const PARTITIONS: u16 = 6;
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long a view keeps its user among the viewers.
const WINDOW_SECONDS: i64 = 3;
/// A killed segmenter is taken for alive this long.
const SESSION_MS: &str = "2000";

/// The clients of an installation.
pub(crate) struct Installation {
    pub(crate) cluster: Cluster,
    pub(crate) ingestion: IngestionClient,
    pub(crate) config: String,
    pub(crate) brokers: String,
    pub(crate) topic: String,
}

impl Installation {
    pub(crate) fn http(&self) -> &reqwest::Client {
        self.cluster.http()
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.http().get(format!("{}{path}", self.config)).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    pub(crate) async fn create(&self, tag: &str, clause: &str) -> SegmentId {
        let segments = SegmentsClient::new(self.http().clone(), &self.config);
        let created = segments.create(&segment(tag, clause)).await.unwrap();
        let path = format!("/api/v1/segments/{}/stats", created.id);
        let live = eventually(&path, || async { Ok((self.get(&path).await?["status"] == "live").then_some(())) });
        live.await.unwrap();
        created.id
    }

    pub(crate) async fn post(&self, id: &str) -> UserId {
        self.ingestion.post(&event(id, "page_viewed", &json!({}))).await.unwrap().user_id
    }

    /// Waits until what look-ups say is exact up to now.
    pub(crate) async fn until_fresh(&self, segment_id: SegmentId) -> u64 {
        let (asked_at, path) = (now(), format!("/api/v1/segments/{segment_id}/stats"));
        let fresh = eventually(&path, || async {
            let stats = self.get(&path).await?;
            let as_of = stats["as_of"].as_str().and_then(|text| Timestamp::parse(text).ok());
            Ok(as_of.is_some_and(|as_of| as_of >= asked_at).then(|| stats["user_count"].as_u64().unwrap()))
        });
        fresh.await.unwrap()
    }

    fn committed(&self) -> CommittedChanges {
        CommittedChanges::open(&self.brokers, &self.topic, PARTITIONS).unwrap()
    }
}

/// Waits for as many changes of a stream.
pub(crate) async fn receive(stream: &mut ChangeStream, count: usize) -> Vec<SegmentChange> {
    let mut changes = Vec::new();
    while changes.len() < count {
        let next = tokio::time::timeout(PATIENCE, stream.next()).await;
        changes.push(next.unwrap_or_else(|_| panic!("{} of {count} changes", changes.len())).unwrap().unwrap());
    }
    changes
}

/// Each user's changes in the order in which they came, checked to be without gap, repetition or contradiction.
#[track_caller]
pub(crate) fn by_user(changes: &[SegmentChange]) -> BTreeMap<UserId, Vec<SegmentChange>> {
    let mut users: BTreeMap<UserId, Vec<SegmentChange>> = BTreeMap::new();
    for change in changes {
        users.entry(change.user_id).or_default().push(change.clone());
    }
    for (user_id, changes) in &users {
        let mut segments = BTreeSet::new();
        for (seq, change) in (1..).zip(changes) {
            assert_eq!(change.seq, seq, "user {user_id}: {changes:?}");
            assert!(change.in_segments.iter().all(|id| segments.insert(*id)), "user {user_id}: {changes:?}");
            assert!(change.out_segments.iter().all(|id| segments.remove(id)), "user {user_id}: {changes:?}");
            assert!(change.segments.iter().eq(&segments), "user {user_id}: {changes:?}");
        }
    }
    users
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_work_as_one_and_a_killed_segmenter_is_replaced() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let (prefix, partitions) = (kafka.prefix(), PARTITIONS.to_string());
    let (brokers, group, store) = (kafka.brokers(), format!("{prefix}segmenter"), postgres.database());
    let cluster = Cluster::new(
        SERVICE,
        &[
            ("BUS_BROKERS", &brokers),
            ("BUS_TOPIC_PREFIX", &prefix),
            ("BUS_GROUP", &group),
            ("BUS_SESSION_TIMEOUT_MS", SESSION_MS),
            ("STORE_URL", &store),
            ("SHOAL_PARTITIONS", &partitions),
        ],
    )
    .unwrap();
    let [ingestion, config, first] = cluster.start_each().await.unwrap();
    let installation = Installation {
        ingestion: IngestionClient::new(cluster.http().clone(), ingestion.url()),
        config: config.url().to_owned(),
        cluster,
        brokers,
        topic: format!("{prefix}segment-changes"),
    };

    // A view is history for the segments that are defined after it.
    let an_hour_ago = json!({ "created_at": now().plus_micros(-3_600_000_000).to_string() });
    let early = installation.ingestion.post(&event("early", "page_viewed", &an_hour_ago)).await.unwrap().user_id;
    let window = format!("created_at >= now() - INTERVAL {WINDOW_SECONDS} SECOND");
    let begun = Instant::now();
    let viewers = installation.create("viewers", &window).await;
    println!("a definition was in force in {PARTITIONS} partitions {:?} after it was posted", begun.elapsed());
    let regulars = installation.create("regulars", "count(*) >= 1").await;
    assert_eq!(installation.until_fresh(regulars).await, 1, "history counts");

    let stream = reqwest::Client::builder().build().unwrap();
    let mut stream = ChangeStream::open(&stream, &installation.config, None).await.unwrap();
    let ana = installation.post("ana").await;
    let [entered, left] = receive(&mut stream, 2).await.try_into().unwrap();
    assert_eq!((entered.user_id, left.user_id), (ana, ana));
    assert_eq!(entered.in_segments, [viewers, regulars]);
    assert!(matches!(entered.cause, Cause::Event { .. }), "{entered:?}");
    assert_eq!((left.out_segments.as_slice(), left.cause), ([viewers].as_slice(), Cause::Time));
    let late = now().micros_since(left.evaluated_at);
    println!("ana's exit was received {late} µs after its instant");
    assert!((0..10_000_000).contains(&late), "{late} µs");

    // Two own partitions, and one is killed while events come.
    let second = installation.cluster.start(ServiceName::Segmenter, "2").await.unwrap();
    let mut users = BTreeSet::from([early, ana]);
    let mut first = Some(first);
    for number in 0..120 {
        if number == 60
            && let Some(first) = first.take()
        {
            first.kill().await.unwrap();
        }
        users.insert(installation.post(&format!("visitor-{}", number % 40)).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(installation.until_fresh(regulars).await, users.len() as u64);
    tokio::time::sleep(Duration::from_secs(WINDOW_SECONDS.unsigned_abs() + 1)).await;
    assert_eq!(installation.until_fresh(regulars).await, users.len() as u64);
    assert_eq!(installation.until_fresh(viewers).await, 0, "everybody left by time alone");

    let mut committed = installation.committed();
    let reading = tokio::task::spawn_blocking(move || {
        let changes = committed.read_until_quiet(Duration::from_secs(1)).unwrap().to_vec();
        (committed, changes)
    });
    let (mut committed, changes) = reading.await.unwrap();
    let of_topic = by_user(&changes);
    assert!(of_topic.keys().eq(&users));
    for (user_id, changes) in &of_topic {
        assert_eq!(changes.last().unwrap().segments, [regulars], "user {user_id}");
    }
    // The stream was opened when only the first user had changes.
    let later = changes.len() - of_topic[&early].len() - of_topic[&ana].len();
    let mut received = vec![entered, left];
    received.extend(receive(&mut stream, later).await);
    let received = by_user(&received);
    assert!(received.iter().all(|(user_id, changes)| of_topic[user_id] == *changes), "the stream says the same");

    // Config-api is away; a segmenter that starts now has the last definitions all the same.
    config.stop().await.unwrap();
    let third = installation.cluster.start(ServiceName::Segmenter, "3").await.unwrap();
    second.kill().await.unwrap();
    let mut newcomers = BTreeSet::new();
    for number in 0..20 {
        newcomers.insert(installation.post(&format!("newcomer-{number}")).await);
    }
    let everybody = newcomers.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let has_left = |change: &SegmentChange| everybody.contains(&change.user_id) && change.seq == 2;
        let all_left = |changes: &[SegmentChange]| changes.iter().filter(|change| has_left(change)).count() == 20;
        committed.read_until(PATIENCE, all_left).unwrap().to_vec()
    });
    let of_topic = by_user(&reading.await.unwrap());
    for user_id in &newcomers {
        assert_eq!(of_topic[user_id].last().unwrap().segments, [regulars], "user {user_id}");
    }
    third.stop().await.unwrap();
    ingestion.stop().await.unwrap();
}
