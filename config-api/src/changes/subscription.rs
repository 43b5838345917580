//! One subscriber: its positions, and the next event for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use bus::{EventLog, StoredRecord};
use schema::{PartitionId, Topic};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::end::StreamEnd;
use super::filter::Filter;
use super::position::{Position, kept_from};
use super::tail::Tail;
use crate::metrics;

/// The most changes read at once: what a subscriber holds in memory.
const MAX_READ: usize = 100;

/// A place among the subscribers, counted while it is held.
pub(super) struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        metrics::SUBSCRIBERS.add(1, &[]);
        Self(permit)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::SUBSCRIBERS.add(-1, &[]);
    }
}

/// What a subscription reads from.
pub(super) struct Source {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) tail: Arc<Tail>,
    pub(super) shutdown: CancellationToken,
    pub(super) keep_alive: Duration,
}

/// One subscriber.
pub(super) struct Subscription {
    source: Source,
    moved: watch::Receiver<()>,
    filter: Filter,
    /// What the client will have seen once it has everything in `ready`.
    position: Position,
    /// The partition to look at first, so that a busy one does not starve the others.
    turn: usize,
    ready: VecDeque<Event>,
    ended: bool,
    last_sent: Instant,
    _place: Place,
}

impl Subscription {
    pub(super) fn new(source: Source, filter: Filter, position: Position, place: Place) -> Self {
        let moved = source.tail.subscribe();
        // At once, so that a client that has seen no change yet resumes from here.
        let ready = VecDeque::from([keep_alive(&position)]);
        let last_sent = Instant::now();
        Self { source, moved, filter, position, turn: 0, ready, ended: false, last_sent, _place: place }
    }

    /// Returns the next event, waiting for it; `None` when the stream is over.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.last_sent = Instant::now();
                return Some(event);
            }
            if self.ended || self.source.shutdown.is_cancelled() {
                return None;
            }
            // Before looking: a move in between wakes us.
            self.moved.borrow_and_update();
            match self.next_partition() {
                Some(partition) => self.read(partition).await,
                None => self.wait().await,
            }
        }
    }

    /// Returns a partition with something to read, each in its turn.
    fn next_partition(&mut self) -> Option<usize> {
        let count = self.position.0.len();
        let only = self.filter.partition(u16::try_from(count).unwrap_or(u16::MAX)).map(|only| usize::from(only.0));
        let behind = |partition: &usize| {
            only.is_none_or(|only| only == *partition) && self.position.0[*partition] < self.source.tail.end(*partition)
        };
        let found = (self.turn..count).chain(0..self.turn).find(behind)?;
        self.turn = (found + 1) % count;
        Some(found)
    }

    async fn read(&mut self, partition: usize) {
        let (topic, from) = (Topic::SegmentChanges, self.position.0[partition]);
        let partition_id = PartitionId(u16::try_from(partition).unwrap_or(u16::MAX));
        match self.source.log.read(topic, partition_id, from, MAX_READ).await {
            Ok(records) if records.is_empty() => self.pass_over_trimmed(partition, partition_id).await,
            Ok(records) => self.take(partition, &records),
            Err(error) => {
                tracing::warn!(%error, "a stream of changes ends");
                self.ready.push_back(StreamEnd::of(&error).event());
                self.ended = true;
            }
        }
    }

    /// Goes on where the log begins, when retention took all that was seen; else waits for what is to come.
    async fn pass_over_trimmed(&mut self, partition: usize, partition_id: PartitionId) {
        let from = self.position.0[partition];
        match kept_from(self.source.log.as_ref(), partition_id, from).await {
            Ok(begin) if begin > from => self.position.0[partition] = begin,
            // A failure is told by the next reading.
            Ok(_) | Err(_) => self.wait().await,
        }
    }

    fn take(&mut self, partition: usize, records: &[StoredRecord]) {
        for record in records {
            self.position.0[partition] = record.offset + 1;
            if self.filter.wants(record) {
                self.ready.push_back(change(record, &self.position));
            }
        }
        metrics::STREAMED_CHANGES.add(self.ready.len() as u64, &[]);
        if self.ready.is_empty() && self.last_sent.elapsed() >= self.source.keep_alive {
            self.ready.push_back(keep_alive(&self.position));
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            moved = self.moved.changed() => self.ended = moved.is_err(),
            () = self.source.shutdown.cancelled() => self.ended = true,
            () = tokio::time::sleep_until(self.last_sent + self.source.keep_alive) => {
                self.ready.push_back(keep_alive(&self.position));
            }
        }
    }
}

fn change(record: &StoredRecord, position: &Position) -> Event {
    Event::default().event("change").id(position.encode()).data(String::from_utf8_lossy(&record.value))
}

/// A comment with an id: no event for the client, but what it resumes from moves past what it did not want.
fn keep_alive(position: &Position) -> Event {
    Event::default().id(position.encode()).comment("")
}
