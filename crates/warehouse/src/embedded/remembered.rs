//! The memory of event ids forgets by itself: what is older than the window goes when tables are merged.
//!
//! Whether a record is a duplicate never depends on that; it is decided from the times. Removing old
//! entries one by one would write each of them twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fjall::compaction::filter::{CompactionFilter, CompactionFilterResult, Context, Factory, ItemAccessor, Verdict};
use schema::{PartitionId, Timestamp, is_duplicate_of};

use super::keys::{decode_time, partition_of_key};
use super::keyspaces::COUNTED;

/// The log time of each partition, as far as it is durable: a crash takes back what is not, and then
/// the same records are decided again.
pub(super) struct Horizons(Vec<AtomicI64>);

impl Horizons {
    pub(super) fn new(partitions: u16) -> Self {
        Self((0..partitions).map(|_| AtomicI64::new(Timestamp::default().as_micros())).collect())
    }

    /// Says that a partition's log time is at least this.
    pub(super) fn advance(&self, partition: PartitionId, log_time: Timestamp) {
        if let Some(horizon) = self.0.get(usize::from(partition.0)) {
            horizon.fetch_max(log_time.as_micros(), Ordering::Relaxed);
        }
    }

    fn needs(&self, key: &[u8], value: &[u8]) -> bool {
        let horizon = partition_of_key(key).and_then(|partition| self.0.get(usize::from(partition.0)));
        match (horizon, decode_time(value)) {
            (Some(horizon), Some(counted_at)) => {
                is_duplicate_of(counted_at, Timestamp::from_micros(horizon.load(Ordering::Relaxed)))
            }
            _ => true,
        }
    }
}

/// Returns the filter of the keyspace that remembers event ids.
#[expect(clippy::type_complexity, reason = "the type that fjall asks for")]
pub(super) fn forgetting(horizons: Arc<Horizons>) -> Arc<dyn Fn(&str) -> Option<Arc<dyn Factory>> + Send + Sync> {
    Arc::new(move |keyspace| {
        let factory: Arc<dyn Factory> = Arc::new(Forgetting(horizons.clone()));
        (keyspace == COUNTED).then_some(factory)
    })
}

struct Forgetting(Arc<Horizons>);

impl Factory for Forgetting {
    fn name(&self) -> &str {
        "event ids older than the duplicate window"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(Self(self.0.clone()))
    }
}

impl CompactionFilter for Forgetting {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> CompactionFilterResult {
        let needed = self.0.needs(item.key(), &item.value()?);
        Ok(if needed { Verdict::Keep } else { Verdict::Remove })
    }
}

#[cfg(test)]
mod tests {
    use schema::{DUPLICATE_WINDOW_MICROS, EventId, UserId};

    use super::super::keys::{counted_key, encode_time};
    use super::*;

    #[test]
    fn an_event_id_is_forgotten_only_when_no_record_can_repeat_it() {
        let horizons = Horizons::new(2);
        let counted_at = Timestamp::from_micros(1_000);
        let key = counted_key(PartitionId(1), UserId(7), EventId(uuid::Uuid::nil()));
        let needed = || horizons.needs(&key, &encode_time(counted_at));
        assert!(needed(), "before anything is known");
        horizons.advance(PartitionId(1), counted_at.plus_micros(DUPLICATE_WINDOW_MICROS));
        assert!(needed(), "at the window's far edge");
        horizons.advance(PartitionId(0), Timestamp::MAX);
        assert!(needed(), "another partition's time does not count");
        horizons.advance(PartitionId(1), counted_at.plus_micros(DUPLICATE_WINDOW_MICROS + 1));
        assert!(!needed(), "past the window");
    }
}
