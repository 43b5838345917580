//! Who runs: the services as processes on one Kafka, Postgres and Databend, and the log as we see it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bus::EventLog as _;
use bus::kafka::{KafkaLog, KafkaOptions};
use schema::{PartitionId, SegmentId, Timestamp, Topic};
use warehouse::Warehouse as _;
use warehouse::databend::{DatabendOptions, DatabendWarehouse};

use super::previews::PREVIEW_TIMEOUT;
use super::run::LoadOptions;
use crate::cluster::{Cluster, ServiceName, Serving};

pub(super) const PARTITIONS: u16 = 6;
/// How long whoever is behind may take without getting any further.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);

/// The services and the log.
pub(super) struct Rig {
    pub(super) http: reqwest::Client,
    pub(super) prefix: String,
    pub(super) config: Serving,
    pub(super) ingestion: Vec<Serving>,
    pub(super) segmenters: Vec<Serving>,
    pub(super) log: KafkaLog,
    warehouse: DatabendWarehouse,
    /// Keeps what the services wrote to their logs.
    _cluster: Cluster,
}

impl Rig {
    /// Starts every service and waits until it is ready.
    pub(super) async fn start(options: &LoadOptions<'_>) -> anyhow::Result<Self> {
        let prefix = options.kafka.prefix();
        let cluster = cluster(options, &prefix)?;
        let config = cluster.start(ServiceName::ConfigApi, "1").await?;
        let (mut ingestion, mut segmenters) = (Vec::new(), Vec::new());
        for label in 1..=options.ingestion {
            ingestion.push(cluster.start(ServiceName::IngestionApi, &label.to_string()).await?);
        }
        for label in 1..=options.segmenters {
            segmenters.push(cluster.start(ServiceName::Segmenter, &label.to_string()).await?);
        }
        let log = KafkaLog::open(KafkaOptions {
            brokers: options.kafka.brokers(),
            topic_prefix: prefix.clone(),
            group: group(&prefix),
            partitions: PARTITIONS,
            ..KafkaOptions::default()
        });
        let warehouse = DatabendWarehouse::new(DatabendOptions::parse(&options.history)?, PARTITIONS)?;
        let http = cluster.http().clone();
        Ok(Self { http, prefix, config, ingestion, segmenters, log: log.await?, warehouse, _cluster: cluster })
    }

    /// Returns where it is said how far a segment is on its way.
    pub(super) fn backfill_of(&self, segment_id: SegmentId) -> String {
        format!("{}/api/v1/segments/{segment_id}/backfill", self.config.url())
    }

    /// Waits until every event that is in the log is in the history.
    pub(super) async fn until_written(&self) -> anyhow::Result<()> {
        until_none("records that are not on Databend", async || {
            let (written, mut behind) = (self.warehouse.positions().await?, 0);
            for (partition, written) in (0..PARTITIONS).map(PartitionId).zip(written) {
                behind += self.log.range(Topic::Events, partition).await?.end.saturating_sub(written);
            }
            Ok(behind)
        })
        .await
    }

    /// Waits until every event that is in the log is in the segmenters' state.
    pub(super) async fn until_segmented(&self) -> anyhow::Result<()> {
        until_none("records that are not in the state", async || {
            let (statuses, mut behind) = (self.log.statuses().await?, 0);
            for partition in (0..PARTITIONS).map(PartitionId) {
                let next = statuses.iter().find(|status| status.partition == partition);
                let end = self.log.range(Topic::Events, partition).await?.end;
                behind += end.saturating_sub(next.map_or(0, |status| status.next_offset));
            }
            Ok(behind)
        })
        .await
    }

    /// Waits until every change up to an instant is published.
    pub(super) async fn until_exact(&self, instant: Timestamp) -> anyhow::Result<()> {
        until_none("partitions that are not exact up to now", async || {
            let statuses = self.log.statuses().await?;
            let exact = statuses.iter().filter(|status| status.as_of >= instant).count();
            Ok(u64::from(PARTITIONS).saturating_sub(exact as u64))
        })
        .await
    }

    /// Stops the segmenters in order: from then on nothing changes.
    pub(super) async fn stop_segmenters(&mut self) -> anyhow::Result<()> {
        for segmenter in self.segmenters.drain(..) {
            segmenter.stop().await.context("stopping a segmenter")?;
        }
        Ok(())
    }

    /// Stops what is left.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop_segmenters().await?;
        for serving in self.ingestion {
            serving.stop().await.context("stopping ingestion-api")?;
        }
        self.config.stop().await.context("stopping config-api")?;
        Ok(())
    }
}

fn cluster(options: &LoadOptions<'_>, prefix: &str) -> anyhow::Result<Cluster> {
    let services = options.services.to_str().context("a path that is no text")?;
    Cluster::new(
        services,
        &[
            ("BUS_BROKERS", &options.kafka.brokers()),
            ("BUS_TOPIC_PREFIX", prefix),
            ("BUS_GROUP", &group(prefix)),
            ("STORE_URL", &options.store),
            ("WAREHOUSE_URL", &options.history),
            ("SHOAL_PARTITIONS", &PARTITIONS.to_string()),
            ("PREVIEW_TIMEOUT_MS", &PREVIEW_TIMEOUT.as_millis().to_string()),
            ("CONFIG_API_REQUEST_TIMEOUT_MS", &(2 * PREVIEW_TIMEOUT).as_millis().to_string()),
        ],
    )
}

fn group(prefix: &str) -> String {
    format!("{prefix}segmenter")
}

/// Asks until the answer is 0; as long as it gets less, that may take as long as it takes.
async fn until_none(what: &str, mut ask: impl AsyncFnMut() -> anyhow::Result<u64>) -> anyhow::Result<()> {
    let (mut least, mut moved) = (u64::MAX, Instant::now());
    loop {
        let left = ask().await?;
        if left == 0 {
            return Ok(());
        }
        if left < least {
            (least, moved) = (left, Instant::now());
        }
        ensure!(moved.elapsed() < PATIENCE, "still {left} {what}, for {PATIENCE:?}");
        tokio::time::sleep(POLL).await;
    }
}
