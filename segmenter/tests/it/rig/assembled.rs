//! A whole segmenter in a temporary folder.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};

use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{BusError, EventLog, Ownership, StoredRecord};
use schema::{
    Definitions, Event, Generation, LogRecord, PartitionId, PartitionStatus, SegmentChange, SegmentDefinition,
    SegmentId, SegmentTag, SegmentVersion, Timestamp, Topic,
};
use segmenter::{Clock, Config, Parts, Running};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use warehouse::embedded::EmbeddedWarehouse;

use super::clock::TestClock;
use super::meddling::{MeddledOwnership, Meddling};
use super::reader::eventually;
use super::warehouse::{KeptWarehouse, fill};

pub(crate) const PARTITIONS: u16 = 3;
const READ: usize = 1_000;

pub(crate) struct Rig {
    pub(crate) log: EmbeddedLog,
    pub(crate) warehouse: Arc<KeptWarehouse>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) meddling: Arc<Meddling>,
    pub(crate) config: Config,
    definitions: watch::Sender<Arc<Definitions>>,
    running: Option<(Running, CancellationToken)>,
    _filling: AbortOnDropHandle<()>,
    _dir: TempDir,
}

impl Rig {
    /// Makes everything and starts the segmenter at `now`.
    pub(crate) async fn at(now: Timestamp) -> Self {
        Self::with_clock(TestClock::standing(now)).await
    }

    pub(crate) async fn with_clock(clock: TestClock) -> Self {
        Self::configured(clock, |_| ()).await
    }

    /// Every user is large, and on disk whenever nothing is to be done to them.
    pub(crate) async fn spilling_at(now: Timestamp) -> Self {
        let all = |config: &mut Config| (config.spill.user_bytes, config.spill.resident_bytes) = (16, 0);
        Self::configured(TestClock::standing(now), all).await
    }

    pub(crate) async fn configured(clock: TestClock, configure: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options =
            EmbeddedLogOptions { partitions: PARTITIONS, free_space_floor_bytes: 0, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(dir.path().join("log"), options).unwrap();
        let inner = EmbeddedWarehouse::open(dir.path().join("history"), PARTITIONS).unwrap();
        let warehouse = Arc::new(KeptWarehouse {
            inner,
            away: AtomicBool::new(false),
            page_ms: AtomicU64::new(0),
            behind: AtomicBool::new(false),
            pages: AtomicUsize::new(0),
            endless: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            again: Mutex::default(),
        });
        let filling = AbortOnDropHandle::new(tokio::spawn(fill(log.clone(), Arc::clone(&warehouse))));
        let mut config: Config = service::config::defaults().unwrap();
        config.metrics.address = "127.0.0.1:0".parse().unwrap();
        config.owner.heartbeat_ms = 10;
        // Small pages and batches, so that small tests cross their edges.
        config.owner.history_rows = 7;
        config.owner.max_records = 16;
        config.owner.max_timers = 5;
        configure(&mut config);
        let mut rig = Self {
            log,
            warehouse,
            clock: Arc::new(clock),
            meddling: Arc::default(),
            config,
            definitions: watch::Sender::new(Arc::default()),
            running: None,
            _filling: filling,
            _dir: dir,
        };
        rig.start().await;
        rig
    }

    /// Starts the segmenter and waits until it has restored what is committed.
    pub(crate) async fn start(&mut self) {
        self.begin().await;
        let (running, _) = self.running.as_mut().unwrap();
        let mut ready = running.ready.clone();
        tokio::time::timeout(std::time::Duration::from_secs(30), ready.wait_for(|ready| *ready))
            .await
            .expect("ready in time")
            .unwrap();
    }

    /// Starts the segmenter without waiting for it.
    pub(crate) async fn begin(&mut self) {
        let shutdown = CancellationToken::new();
        let ownership = MeddledOwnership { inner: Box::new(self.log.ownership()), meddling: self.meddling.clone() };
        self.running = Some((self.start_on(ownership, &shutdown).await, shutdown));
    }

    /// Starts another segmenter beside the first, on partitions that somebody else hands out.
    pub(crate) async fn start_beside(&self, ownership: impl Ownership + 'static) -> Running {
        self.start_on(ownership, &CancellationToken::new()).await
    }

    async fn start_on(&self, ownership: impl Ownership + 'static, shutdown: &CancellationToken) -> Running {
        let parts = Parts {
            ownership: Box::new(ownership),
            warehouse: self.warehouse.clone(),
            definitions: self.definitions.subscribe(),
        };
        let running = segmenter::start_with_clock(self.config.clone(), parts, self.clock.clone(), shutdown.clone());
        running.await.unwrap()
    }

    /// Lets the segmenter finish, and returns how it ended.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let (running, shutdown) = self.running.take().unwrap();
        shutdown.cancel();
        running.task.await.unwrap()
    }

    /// Ends the segmenter in the middle of whatever it does, without a last commit.
    pub(crate) async fn crash(&mut self) {
        let (running, _) = self.running.take().unwrap();
        running.task.abort();
        let _ = running.task.await;
    }

    /// Waits for the segmenter to end by itself.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        let (running, _) = self.running.take().unwrap();
        running.task.await.unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.as_ref().unwrap().0.metrics)
    }

    /// Returns a metric, added up over all partitions.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = reqwest::get(self.url("/metrics")).await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Makes these clauses the definitions, numbered from 1; an empty one is no segment. Returns at once.
    pub(crate) fn define(&self, generation: u64, clauses: &[&str]) {
        let numbered = (1..).zip(clauses).filter(|(_, clause)| !clause.is_empty());
        let segments = numbered
            .map(|(id, clause)| SegmentDefinition {
                segment_id: SegmentId(id),
                tag: SegmentTag::new(&format!("segment-{id}")).unwrap(),
                version: SegmentVersion(u32::try_from(generation).unwrap()),
                where_statement: (*clause).to_owned(),
            })
            .collect();
        self.definitions.send_replace(Arc::new(Definitions { generation: Generation(generation), segments }));
    }

    /// Makes them the definitions, and waits until they are in force everywhere.
    pub(crate) async fn define_and_wait(&self, generation: u64, clauses: &[&str]) {
        self.define(generation, clauses);
        self.until("the definitions are in force", |status| status.generation == Generation(generation)).await;
    }

    pub(crate) async fn send(&self, events: Vec<Event>) {
        self.append(events.into_iter().map(LogRecord::Event).collect()).await;
    }

    pub(crate) async fn append(&self, records: Vec<LogRecord>) {
        self.log.append(records).await.unwrap();
    }

    /// Waits until every partition's latest status is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&PartitionStatus) -> bool) {
        eventually(what, async || {
            let statuses = self.statuses().await;
            statuses.len() == usize::from(PARTITIONS) && statuses.iter().all(&wanted)
        })
        .await;
    }

    /// Waits until everything that was sent is applied, and every deadline up to now is published.
    pub(crate) async fn settle(&self) {
        let now = self.clock.now();
        let mut ends = Vec::new();
        for partition in (0..PARTITIONS).map(PartitionId) {
            ends.push(self.log.range(Topic::Events, partition).await.unwrap().end);
        }
        self.until("everything is applied", |status| {
            status.next_offset >= ends[usize::from(status.partition.0)] && status.as_of >= now
        })
        .await;
    }

    pub(crate) async fn statuses(&self) -> Vec<PartitionStatus> {
        self.log.statuses().await.unwrap()
    }

    /// Returns every change there is; each user's are in order.
    pub(crate) async fn changes(&self) -> Vec<SegmentChange> {
        let stored = self.read_all(Topic::SegmentChanges).await.unwrap();
        stored.iter().map(|stored| serde_json::from_slice(&stored.value).unwrap()).collect()
    }

    pub(crate) async fn read_all(&self, topic: Topic) -> Result<Vec<StoredRecord>, BusError> {
        let mut all = Vec::new();
        for partition in (0..PARTITIONS).map(PartitionId) {
            let mut from = 0;
            loop {
                let page = self.log.read(topic, partition, from, READ).await?;
                let Some(last) = page.last() else { break };
                from = last.offset + 1;
                all.extend(page);
            }
        }
        Ok(all)
    }
}
