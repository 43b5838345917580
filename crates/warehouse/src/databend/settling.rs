//! Asks which events of a batch were counted before, of those whose fingerprints say "perhaps".
//!
//! Nothing is decided by a fingerprint: what was counted, and when to the microsecond, the rows say. They are asked for
//! by the hour of the log in which they can be, so that Databend looks at the blocks of that hour alone; a batch
//! without repetitions asks nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use schema::{EventId, LogRecord, Offset, PartitionId, Timestamp, UserId};

use super::known::Known;
use super::{Databend, DatabendError, cells, metrics, refused};
use crate::WriteBatch;
use crate::counting::Counting;

/// How many events one question names.
const EVENTS_AT_ONCE: usize = 1_000;

type Id = (UserId, EventId);

/// Returns what counting the events of a batch begins with: of those that were perhaps counted before, when they were.
pub(super) async fn counted_before(
    databend: &Databend,
    known: &Known,
    batch: &WriteBatch,
) -> Result<Counting, DatabendError> {
    let mut counted = HashMap::new();
    for ((first, last), ids) in suspects(known, batch) {
        metrics::asked(ids.len());
        settle(databend, known.partition, first..=last, &ids, &mut counted).await?;
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_unstable_by_key(|(_, counted_at)| *counted_at);
    let mut counting = Counting::at(known.log_time);
    for ((user_id, event_id), counted_at) in counted {
        counting.remember(user_id, event_id, counted_at);
    }
    Ok(counting)
}

/// Returns the events that were perhaps counted before, by the stretches of the log in which they were.
fn suspects(known: &Known, batch: &WriteBatch) -> BTreeMap<(Offset, Offset), HashSet<Id>> {
    let mut suspects: BTreeMap<_, HashSet<Id>> = BTreeMap::new();
    for (_, record) in &batch.records {
        let LogRecord::Event(event) = record else { continue };
        if known.deleted.contains(&event.user_id) {
            continue;
        }
        for offsets in known.perhaps(event.user_id, event.event_id) {
            let found = suspects.entry(offsets.into_inner()).or_default();
            found.insert((event.user_id, event.event_id));
        }
    }
    suspects
}

/// Reads when events were counted that lie in a stretch of the log.
async fn settle(
    databend: &Databend,
    partition: PartitionId,
    offsets: RangeInclusive<Offset>,
    ids: &HashSet<Id>,
    counted: &mut HashMap<Id, Timestamp>,
) -> Result<(), DatabendError> {
    let (first, last) = offsets.into_inner();
    let mut latest = |id: Id, counted_at: Timestamp| {
        let known = counted.entry(id).or_insert(counted_at);
        *known = counted_at.max(*known);
    };
    let mut missing = ids.clone();
    let all: Vec<Id> = ids.iter().copied().collect();
    for some in all.chunks(EVENTS_AT_ONCE) {
        let events = some.iter().map(|(_, event_id)| format!("'{event_id}'")).collect::<Vec<_>>().join(", ");
        let users: HashSet<UserId> = some.iter().map(|(user_id, _)| *user_id).collect();
        let users = users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT user_id, event_id, max(counted_at) FROM event_rows
             WHERE log_partition = {partition} AND log_offset >= {first} AND log_offset <= {last}
             AND event_id IN ({events}) AND user_id IN ({users}) GROUP BY user_id, event_id"
        );
        for row in databend.query(&sql).await?.rows {
            let id = (UserId(cells::value(&row, 0)?), EventId(cells::value(&row, 1)?));
            // The same id of another user of these is somebody else's.
            if ids.contains(&id) {
                missing.remove(&id);
                latest(id, cells::time(&row, 2)?);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    for row in refused::events(databend, partition, first..last + 1).await? {
        if missing.contains(&(row.user_id, row.event_id)) {
            latest((row.user_id, row.event_id), row.counted_at);
        }
    }
    Ok(())
}
