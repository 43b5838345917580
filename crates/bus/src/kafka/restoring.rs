//! Restoring: the compacted state, read once from end to end by whoever has just claimed the partition.
//!
//! A compacted topic holds older values of a key too, so the users are gathered before they are shown.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::message::Message;
use schema::{Definitions, Offset, PartitionId, Topic, UserId};
use tokio::time::Instant;

use super::ownership::Common;
use super::topics::{self, Lane};
use super::work::{Position, StateKey, decode_definitions, decode_position};
use crate::{BusError, RestoredPartition};

/// How often to look whether the brokers have settled a commit that was begun.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What the state topic holds of a partition.
#[derive(Default)]
struct Gathered {
    users: HashMap<UserId, Box<[u8]>>,
    position: Option<Position>,
    definitions: Option<Definitions>,
}

/// Reads the last commit: `visit` gets every user's state, then the rest is returned.
pub(super) async fn restore(
    common: &Common,
    partition: PartitionId,
    visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
) -> Result<RestoredPartition, BusError> {
    let handle = common.log.handle();
    let state = handle.names.lane_of(topics::STATE, partition);
    let changes = handle.names.lane(Topic::SegmentChanges, partition);
    let end = settled_end(common, &state).await?;
    settled_end(common, &changes).await?;
    let begin = handle.reader.ends().begin(&state).await?;
    let mut gathered = Gathered::default();
    let mut note = |message: &rdkafka::message::BorrowedMessage<'_>| gathered.note(message.key(), message.payload());
    handle.reader.scanner().scan(&state, begin..end, &mut note).await?;
    let changes_end = handle.reader.end(&changes).await?;
    gathered.show(partition, visit, changes_end)
}

/// Returns where a partition of ours ends, when everything in it is committed or undone. A reader of
/// committed records sees nothing behind a commit under way; a state that ended there would be old.
async fn settled_end(common: &Common, lane: &Lane) -> Result<Offset, BusError> {
    let handle = common.log.handle();
    let deadline = Instant::now() + handle.options.request_timeout;
    let end = common.watermarks.end(lane).await?;
    while handle.reader.ends().end(lane).await? < end {
        if Instant::now() > deadline {
            return Err(BusError::Unavailable(format!("a commit of somebody else is under way in `{}`", lane.topic)));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(end)
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
