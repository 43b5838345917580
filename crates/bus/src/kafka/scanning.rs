//! Reading a stretch once from end to end: for restoring, and for the last record before a marker.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;
use rdkafka::message::BorrowedMessage;
use schema::Offset;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::clients::{self, Speaking};
use super::fetching::{Fetched, Fetching, offset_of};
use super::reader::listened_to;
use super::topics::Lane;
use crate::BusError;
use crate::kafka_options::KafkaOptions;

/// After so many records other tasks get a turn.
const YIELD_EVERY: usize = 1_024;

/// Reads stretches; one at a time of each partition.
pub(super) struct Scanner {
    client: Arc<BaseConsumer<Speaking>>,
    timeout: Duration,
    busy: Mutex<HashSet<Lane>>,
    freed: Notify,
}

impl Scanner {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, BusError> {
        let client = listened_to(&clients::scanning(options))?;
        Ok(Self { client, timeout: options.request_timeout, busy: Mutex::default(), freed: Notify::new() })
    }

    /// Shows every record of the range that a committed reader sees, in order. The brokers must have
    /// said that the partition reaches `range.end`.
    pub(super) async fn scan(
        &self,
        lane: &Lane,
        range: Range<Offset>,
        look: &mut (dyn FnMut(&BorrowedMessage<'_>) -> Result<(), BusError> + Send),
    ) -> Result<(), BusError> {
        if range.is_empty() {
            return Ok(());
        }
        let _turn = self.turn(lane).await;
        let fetching = Fetching::begin(&self.client, lane, range.start)?;
        let bell = Arc::clone(fetching.bell());
        let mut quiet_since = Instant::now();
        let mut seen = 0_usize;
        loop {
            let taken = fetching.take_message(|message| {
                let offset = offset_of(message)?;
                if offset < range.end {
                    look(message)?;
                }
                Ok(offset + 1 >= range.end)
            })?;
            match taken {
                Some(Ok(true) | Err(Fetched::End)) => return Ok(()),
                Some(Err(Fetched::OutOfRange)) => {
                    return Err(BusError::Unavailable(format!("`{}` was trimmed while it was read", lane.topic)));
                }
                Some(_) => {
                    seen += 1;
                    quiet_since = Instant::now();
                    if seen.is_multiple_of(YIELD_EVERY) {
                        tokio::task::yield_now().await;
                    }
                }
                None => {
                    let waited = tokio::time::timeout_at(quiet_since + self.timeout, bell.notified()).await;
                    waited.map_err(|_| BusError::Unavailable(format!("reading `{}` takes too long", lane.topic)))?;
                }
            }
        }
    }

    async fn turn(&self, lane: &Lane) -> Turn<'_> {
        loop {
            let freed = self.freed.notified();
            if self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(lane.clone()) {
                return Turn { scanner: self, lane: lane.clone() };
            }
            freed.await;
        }
    }
}

struct Turn<'a> {
    scanner: &'a Scanner,
    lane: Lane,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.scanner.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.lane);
        self.scanner.freed.notify_waiters();
    }
}
