//! The segmenter as it is: its own process, by segments of which every event flips one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bus::EventLog as _;
use bus::kafka::KafkaLog;
use schema::{Cause, PartitionId, PartitionStatus, SegmentChange, Topic};
use tokio::process::{Child, Command};

use crate::load::{appended_at, segments};
use crate::measured::Measured;

const ONLY: PartitionId = PartitionId(0);
const MAX_RECORDS: usize = 4_096;
/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(5);

/// A segmenter of a log; killed when it is dropped.
pub(crate) struct Segmenter(Child);

impl Segmenter {
    /// Starts the process without waiting for anything.
    pub(crate) fn start(program: &Path, log: &KafkaLog) -> anyhow::Result<Self> {
        let options = log.options();
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let child = Command::new(program)
            // What `segmenter` itself needs no word for.
            .arg("segmenter")
            .env("BUS_BROKERS", &options.brokers)
            .env("BUS_TOPIC_PREFIX", &options.topic_prefix)
            .env("BUS_GROUP", &options.group)
            .env("SHOAL_PARTITIONS", log.partitions().to_string())
            .env("SHOAL_DATA", std::env::temp_dir().join(&options.topic_prefix))
            .env("SEGMENTER_METRICS_ADDRESS", port.context("looking for a free port")?.to_string())
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Ok(Self(child.with_context(|| format!("starting {}", program.display()))?))
    }

    /// Returns which process it is.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.0.id().context("the segmenter has ended already")
    }

    /// Sends SIGTERM and waits for its exit code to be 0.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.id()?;
        let told = Command::new("kill").arg(id.to_string()).status().await.context("running kill")?;
        let ended = tokio::time::timeout(PATIENCE, self.0.wait()).await.context("it does not stop")??;
        ensure!(told.success() && ended.success(), "it ended with {ended} after SIGTERM");
        Ok(())
    }

    /// Waits until the status of every partition is as wanted.
    pub(crate) async fn until(
        &mut self,
        log: &KafkaLog,
        wanted: impl Fn(&PartitionStatus) -> bool,
    ) -> anyhow::Result<()> {
        let mut moved = (0, Instant::now());
        loop {
            let statuses = log.statuses().await.context("asking for statuses")?;
            if statuses.len() == usize::from(log.partitions()) && statuses.iter().all(&wanted) {
                return Ok(());
            }
            let taken: u64 = statuses.iter().map(|status| status.next_offset).sum();
            if taken != moved.0 {
                moved = (taken, Instant::now());
            }
            if let Some(status) = self.0.try_wait().context("looking at the process")? {
                bail!("the segmenter ended with {status}");
            }
            ensure!(moved.1.elapsed() < PATIENCE, "the segmenter does not get any further: {statuses:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts it on an empty log and waits until it decides by our segments.
    pub(crate) async fn deciding(program: &Path, log: &KafkaLog) -> anyhow::Result<Self> {
        let definitions = segments()?;
        log.publish_definitions(&definitions).await.context("publishing definitions")?;
        let mut segmenter = Self::start(program, log)?;
        segmenter.until(log, |status| status.generation == definitions.generation).await?;
        Ok(segmenter)
    }
}

/// Measures until so many changes were seen: of a load beside it, or of what is there when it comes back.
pub(crate) async fn measure(
    program: &Option<PathBuf>,
    log: &KafkaLog,
    expected: u64,
    load: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    is_backlog: bool,
) -> anyhow::Result<Measured> {
    let program = program.as_deref().context("--segmenter says where the program is")?;
    let mut segmenter = Segmenter::deciding(program, log).await?;
    if is_backlog {
        segmenter.stop().await?;
        load.await?;
        segmenter = Segmenter::start(program, log)?;
        let measured = read(log, expected).await?;
        segmenter.stop().await?;
        return Ok(measured);
    }
    let loading = tokio::spawn(load);
    let measured = read(log, expected).await?;
    loading.await??;
    segmenter.stop().await?;
    Ok(measured)
}

/// Reads changes as a subscriber does, until there were so many by events.
async fn read(log: &KafkaLog, expected: u64) -> anyhow::Result<Measured> {
    let (mut measured, mut next) = (Measured::default(), 0);
    while measured.count() < expected {
        let waiting = tokio::time::timeout(PATIENCE, log.wait_for(Topic::SegmentChanges, ONLY, next)).await;
        waiting.with_context(|| format!("{} of {expected} changes came", measured.count()))??;
        for record in log.read(Topic::SegmentChanges, ONLY, next, MAX_RECORDS).await.context("reading changes")? {
            let change: SegmentChange = serde_json::from_slice(&record.value).context("decoding a change")?;
            if let Cause::Event { event_id } = change.cause {
                measured.note(appended_at(event_id));
            }
            next = record.offset + 1;
        }
    }
    Ok(measured)
}
