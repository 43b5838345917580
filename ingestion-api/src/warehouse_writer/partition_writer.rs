//! One partition: wait for records, gather for a moment, write, say how far the warehouse is.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bus::{BusError, EventLog, StoredRecord};
use schema::{LogRecord, Offset, PartitionId, Topic};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use warehouse::{Warehouse, WarehouseError, WriteBatch};

use super::backoff::Backoff;
use super::metrics;
use super::options::WriterOptions;

/// Writes one partition.
pub(super) struct PartitionWriter {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) warehouse: Arc<dyn Warehouse>,
    pub(super) options: WriterOptions,
    pub(super) shutdown: CancellationToken,
    /// When the writer began; all partitions flush in step from here, so that they share syncs to disk.
    pub(super) begun: Instant,
    pub(super) partition: PartitionId,
    /// The first record that the warehouse does not hold.
    pub(super) next: Offset,
}

impl PartitionWriter {
    /// Writes until shutdown, then what is in the log by then.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        self.log.set_writer_floor(self.partition, self.next);
        let mut backoff = Backoff::new(&self.options);
        while !self.shutdown.is_cancelled() {
            match self.step().await {
                Ok(()) => {
                    metrics::away(self.partition, false);
                    backoff = Backoff::new(&self.options);
                }
                Err(error) => match self.check_passing(error)? {
                    Passing::AnotherWriter => self.stand_by().await,
                    Passing::Trouble => {
                        if backoff.failed() {
                            self.tell_that_it_is_away();
                        }
                        self.show_lag().await;
                        backoff.pause(&self.shutdown).await;
                    }
                },
            }
        }
        self.flush_within_grace().await
    }

    /// Waits for as long as another process writes the partition: until records have lain there for a whole
    /// interval and nobody wrote them.
    async fn stand_by(&mut self) {
        let mut waited_for = None;
        loop {
            let interval = tokio::time::sleep(self.options.stand_by_interval);
            if self.shutdown.run_until_cancelled(interval).await.is_none() {
                return;
            }
            let Ok(positions) = self.warehouse.positions().await else { continue };
            let written = positions.get(usize::from(self.partition.0)).copied().unwrap_or(self.next);
            if written != self.next {
                self.move_to(written);
            }
            self.show_lag().await;
            let Ok(end) = self.end().await else { continue };
            if waited_for == Some(written) {
                tracing::info!(partition = %self.partition, "nobody else writes the history any more; going on");
                return;
            }
            waited_for = (end > written).then_some(written);
        }
    }

    fn tell_that_it_is_away(&self) {
        let partition = self.partition;
        metrics::away(partition, true);
        let attempts = self.options.retry_attempts;
        tracing::error!(%partition, attempts, "the warehouse is away; events wait in the log for as long as that keeps them");
    }

    /// Records what is in the log and not in the warehouse; a log that is away is told of elsewhere.
    async fn show_lag(&self) {
        if let Ok(end) = self.end().await {
            metrics::lag(self.partition, end.saturating_sub(self.next));
        }
    }

    /// Waits for something to write, gathers, and writes it.
    async fn step(&mut self) -> Result<(), Interruption> {
        let waiting = self.log.wait_for(Topic::Events, self.partition, self.next);
        let Some(waited) = self.shutdown.run_until_cancelled(waiting).await else { return Ok(()) };
        // What was trimmed is passed over by the flush.
        if let Err(error) = waited
            && !matches!(error, BusError::Trimmed { .. })
        {
            return Err(error.into());
        }
        let full = self.next + self.options.batch_records as u64;
        if self.end().await? < full {
            self.shutdown.run_until_cancelled(tokio::time::sleep(self.until_flush())).await;
        }
        self.flush().await
    }

    /// Returns how long it is to the next flush of all partitions.
    fn until_flush(&self) -> Duration {
        let interval = self.options.flush_interval.as_micros().max(1);
        let into_interval = self.begun.elapsed().as_micros() % interval;
        Duration::from_micros(u64::try_from(interval - into_interval).unwrap_or(0))
    }

    /// Writes what is in the log now.
    async fn flush(&mut self) -> Result<(), Interruption> {
        let end = self.end().await?;
        while self.next < end {
            let batch = self.gather(end).await?;
            let (next, records) = (batch.next, batch.records.len());
            if next <= self.next {
                break;
            }
            self.warehouse.write(batch).await?;
            self.move_to(next);
            metrics::written(records);
        }
        self.show_lag().await;
        Ok(())
    }

    async fn flush_within_grace(&mut self) -> anyhow::Result<()> {
        let partition = self.partition;
        match tokio::time::timeout(self.options.shutdown_grace, self.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => self.check_passing(error).map(drop),
            Err(_) => {
                tracing::warn!(%partition, "the last flush took too long; the next run goes on with it");
                Ok(())
            }
        }
    }

    /// Reads records up to `end` until the batch is full.
    async fn gather(&self, end: Offset) -> Result<WriteBatch, Interruption> {
        let WriterOptions { batch_records, batch_bytes, .. } = self.options;
        let mut batch = WriteBatch { partition: self.partition, from: self.next, next: self.next, records: Vec::new() };
        let (mut read, mut bytes) = (0, 0);
        while batch.next < end && read < batch_records && bytes < batch_bytes {
            let records = match self.log.read(Topic::Events, self.partition, batch.next, batch_records - read).await {
                // What was read before it was trimmed is written first.
                Err(BusError::Trimmed { .. }) if batch.next > self.next => return Ok(batch),
                Err(BusError::Trimmed { begin, .. }) => return Ok(self.skip_to(begin)),
                records => records?,
            };
            let Some(last) = records.last() else { break };
            batch.next = last.offset + 1;
            read += records.len();
            bytes += records.iter().map(|record| record.value.len()).sum::<usize>();
            batch.records.extend(records.iter().filter_map(|record| self.decode(record)));
        }
        Ok(batch)
    }

    /// Passes over records that the log no longer has, so that those behind them are written.
    fn skip_to(&self, begin: Offset) -> WriteBatch {
        let (partition, from) = (self.partition, self.next);
        tracing::error!(%partition, from, to = begin, "the log was trimmed before it was written to the history");
        metrics::lost(begin.saturating_sub(from));
        WriteBatch { partition, from, next: begin, records: Vec::new() }
    }

    fn decode(&self, record: &StoredRecord) -> Option<(Offset, LogRecord)> {
        match LogRecord::decode(&record.value) {
            Ok(decoded) => Some((record.offset, decoded)),
            Err(error) => {
                metrics::undecodable();
                let (partition, offset) = (self.partition, record.offset);
                tracing::error!(%partition, offset, %error, "a log record cannot be read; the history goes on without it");
                None
            }
        }
    }

    async fn end(&self) -> Result<Offset, Interruption> {
        Ok(self.log.range(Topic::Events, self.partition).await?.end)
    }

    fn move_to(&mut self, next: Offset) {
        self.next = next;
        self.log.set_writer_floor(self.partition, next);
    }

    /// Returns an error unless trying again may help.
    fn check_passing(&mut self, error: Interruption) -> anyhow::Result<Passing> {
        let partition = self.partition;
        match error {
            Interruption::Warehouse(WarehouseError::Moved { actual, .. }) => {
                tracing::info!(%partition, from = self.next, to = actual, "another process writes the history of the partition");
                self.move_to(actual);
                return Ok(Passing::AnotherWriter);
            }
            Interruption::Warehouse(error @ WarehouseError::Unavailable(_)) => {
                tracing::warn!(%partition, %error, "writing history; trying again");
            }
            Interruption::Log(error) if error.retryable() => {
                tracing::warn!(%partition, %error, "reading the log for the history; trying again");
            }
            Interruption::Warehouse(error) => return Err(error).context("writing history"),
            Interruption::Log(error) => return Err(error).context("reading the log for the history"),
        }
        metrics::retried();
        Ok(Passing::Trouble)
    }
}

/// Why a step was not finished that may be later.
enum Passing {
    /// Another process was faster.
    AnotherWriter,
    /// Log or warehouse are away.
    Trouble,
}

/// Why a step was not finished.
enum Interruption {
    Log(BusError),
    Warehouse(WarehouseError),
}

impl From<BusError> for Interruption {
    fn from(error: BusError) -> Self {
        Self::Log(error)
    }
}

impl From<WarehouseError> for Interruption {
    fn from(error: WarehouseError) -> Self {
        Self::Warehouse(error)
    }
}
