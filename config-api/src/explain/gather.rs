//! All events of a user: from the history, and from the end of the log that is not written there yet.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use schema::{Event, LogRecord, Offset, PartitionId, StandingTraits, Topic, UserId, is_duplicate_of, partition_of};
use service::problem::Problem;

use crate::state::AppState;
use crate::web::{bus_problem, warehouse_problem};

/// Rows of one page of the history.
const PAGE_ROWS: usize = 1_000;
/// Records of one reading of the log.
const PAGE_RECORDS: usize = 4_096;
/// How far the history may be behind the log; farther, and a question would read the log for seconds.
const MAX_BEHIND: u64 = 200_000;

/// What is known of a user's events.
pub(super) enum Gathered {
    /// All of them that count, and what was said.
    All {
        events: Vec<Event>,
        traits: StandingTraits,
        /// Every record of the partition before it was looked at.
        position: Offset,
    },
    /// There are more than could be looked at.
    TooMany,
}

/// Collects a user's events that count, at most `max_events` of them.
pub(super) async fn gather(state: &AppState, user_id: UserId, max_events: usize) -> Result<Gathered, Problem> {
    let partition = partition_of(user_id, state.log.partitions());
    // Before the history is read: what is written meanwhile is met twice, and told by its offset.
    let positions = state.warehouse.positions().await.map_err(warehouse_problem)?;
    let written = positions.get(usize::from(partition.0)).copied().unwrap_or(0);
    let mut traits = state.warehouse.user_traits(user_id).await.map_err(warehouse_problem)?;
    let Some(mut events) = history(state, user_id, max_events).await? else { return Ok(Gathered::TooMany) };
    let position = state.log.range(Topic::Events, partition).await.map_err(bus_problem)?.end;
    if position.saturating_sub(written) > MAX_BEHIND {
        let detail = format!("the history is {} records behind the log", position - written);
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "history_behind", detail));
    }
    for (offset, record) in log_end(state, partition, user_id, written..position).await? {
        match record {
            LogRecord::Event(event) if !events.contains_key(&offset) && !is_duplicate(&events, &event) => {
                events.insert(offset, event);
            }
            LogRecord::Event(_) => {}
            // What is met twice changes nothing.
            LogRecord::Traits(said) => drop(traits.fold(&said)),
            LogRecord::Deletion(_) => (events, traits) = Default::default(),
        }
    }
    if events.len() > max_events {
        return Ok(Gathered::TooMany);
    }
    Ok(Gathered::All { events: events.into_values().collect(), traits, position })
}

/// Reads the history of a user; `None` when it is longer than that.
async fn history(
    state: &AppState,
    user_id: UserId,
    max_events: usize,
) -> Result<Option<BTreeMap<Offset, Event>>, Problem> {
    let (mut events, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = state.warehouse.user_events(user_id, cursor, PAGE_ROWS).await.map_err(warehouse_problem)?;
        events.extend(page.rows.into_iter().map(|row| (row.position.offset, row.event)));
        if events.len() > max_events {
            return Ok(None);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(Some(events)),
        }
    }
}

/// Reads the user's records in a stretch of the log.
async fn log_end(
    state: &AppState,
    partition: PartitionId,
    user_id: UserId,
    stretch: std::ops::Range<Offset>,
) -> Result<Vec<(Offset, LogRecord)>, Problem> {
    let (mut from, mut found) = (stretch.start, Vec::new());
    while from < stretch.end {
        let records = state.log.read(Topic::Events, partition, from, PAGE_RECORDS).await.map_err(bus_problem)?;
        let Some(last) = records.last() else { break };
        from = last.offset + 1;
        for record in records.iter().filter(|record| record.user_id == user_id && record.offset < stretch.end) {
            found.push((record.offset, LogRecord::decode(&record.value).map_err(Problem::internal)?));
        }
    }
    Ok(found)
}

/// The same decision as the segmenter's and the writer's, with the record's own time as log time.
fn is_duplicate(events: &BTreeMap<Offset, Event>, event: &Event) -> bool {
    let same = |known: &&Event| known.event_id == event.event_id;
    events.values().filter(same).any(|known| is_duplicate_of(known.received_at, event.received_at))
}
