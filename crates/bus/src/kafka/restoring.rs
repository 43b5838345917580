//! Restoring: the compacted state, read once from end to end by whoever has just claimed the partition, or
//! copies it beside its owner.
//!
//! A compacted topic holds older values of a key too, so the users are gathered before they are shown.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::message::{BorrowedMessage, Message};
use schema::{Definitions, Offset, PartitionId, Topic, UserId};
use tokio::time::Instant;

use super::ends::Ends;
use super::kafka_log::KafkaLog;
use super::topics::{self, Lane};
use super::work::{Position, StateKey, decode_definitions, decode_position};
use crate::{BusError, RestoredPartition};

/// How often to look whether the brokers have settled a commit that was begun.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// A reading this short is not overtaken by a segment that is rolled and compacted meanwhile.
const QUICK: Duration = Duration::from_secs(5);

/// What the state topic holds of a partition.
#[derive(Default)]
struct Gathered {
    users: HashMap<UserId, Box<[u8]>>,
    position: Option<Position>,
    definitions: Option<Definitions>,
}

/// Reads the last commit: `visit` gets every user's state, then the rest is returned.
///
/// `watermarks` know where partitions end, records of unfinished commits included. Beside an owner who
/// goes on committing, `changes_end` may be behind changes of later commits.
pub(super) async fn restore(
    log: &KafkaLog,
    watermarks: &Ends,
    partition: PartitionId,
    visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
) -> Result<RestoredPartition, BusError> {
    let handle = log.handle();
    let state = handle.names.lane_of(topics::STATE, partition);
    let changes = handle.names.lane(Topic::SegmentChanges, partition);
    let gathered = gather(log, watermarks, &state).await?;
    settled_end(log, watermarks, &changes).await?;
    let changes_end = handle.reader.end(&changes).await?;
    gathered.show(partition, visit, changes_end)
}

/// Reads up to where the partition ends, in turns until one was quick: compaction, which may take a value
/// away because of one behind the end of that turn, comes slower than that.
async fn gather(log: &KafkaLog, watermarks: &Ends, state: &Lane) -> Result<Gathered, BusError> {
    let handle = log.handle();
    let mut gathered = Gathered::default();
    let mut from = handle.reader.ends().begin(state).await?;
    loop {
        let began = Instant::now();
        let end = settled_end(log, watermarks, state).await?;
        let mut note = |message: &BorrowedMessage<'_>| gathered.note(message.key(), message.payload());
        handle.reader.scanner().scan(state, from..end, &mut note).await?;
        from = end;
        if began.elapsed() < QUICK {
            return Ok(gathered);
        }
    }
}

/// Returns where a partition ends for readers of committed records, when they see everything that is in it
/// now. They see nothing behind a commit under way; a state that ended there would be old.
async fn settled_end(log: &KafkaLog, watermarks: &Ends, lane: &Lane) -> Result<Offset, BusError> {
    let handle = log.handle();
    let deadline = Instant::now() + handle.options.request_timeout;
    let written = watermarks.end(lane).await?;
    loop {
        let settled = handle.reader.ends().end(lane).await?;
        if settled >= written {
            return Ok(settled);
        }
        if Instant::now() > deadline {
            return Err(BusError::Unavailable(format!("a commit of somebody else is under way in `{}`", lane.topic)));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Gathered {
    fn note(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<(), BusError> {
        match (StateKey::parse(key)?, value) {
            (StateKey::User(user_id), Some(state)) => {
                self.users.insert(user_id, state.into());
            }
            (StateKey::User(user_id), None) => {
                self.users.remove(&user_id);
            }
            (StateKey::Position, Some(value)) => self.position = Some(decode_position(value)?),
            (StateKey::Definitions, Some(value)) => self.definitions = Some(decode_definitions(value)?),
            (StateKey::Position | StateKey::Definitions, None) => {}
        }
        Ok(())
    }

    fn show(
        self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
        changes_end: Offset,
    ) -> Result<RestoredPartition, BusError> {
        let Some(position) = self.position else {
            if self.users.is_empty() && self.definitions.is_none() {
                return Ok(RestoredPartition { changes_end, ..RestoredPartition::default() });
            }
            return Err(BusError::Damaged(format!("partition {partition} has state and no position")));
        };
        for (user_id, state) in &self.users {
            visit(*user_id, state);
        }
        let Position { next_offset, now, log_time, .. } = position;
        Ok(RestoredPartition { next_offset, now, log_time, definitions: self.definitions, changes_end })
    }
}
