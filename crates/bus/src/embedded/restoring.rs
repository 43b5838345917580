//! Reading what the last commit of a partition left, all of it from one instant.
//!
//! Who owns the partition reads it to begin with; anybody else may read it beside the owner.

use fjall::{Readable as _, Snapshot};
use schema::{Offset, PartitionId, Topic, UserId};
use tokio::sync::mpsc;

use super::embedded_log::EmbeddedLog;
use super::failure::from_fjall;
use super::keys::{offset_of, partition_prefix, user_of};
use super::keyspaces::{Keyspaces, begin_key, decode_definitions, decode_number, definitions_key, position_key};
use super::stored::Position;
use crate::{BusError, RestoredPartition};

/// Reading is ahead by two chunks of this many bytes while the caller decodes.
const CHUNK_BYTES: usize = 1_024 * 1_024;

type States = Vec<(UserId, fjall::UserValue)>;

/// Shows every user's state, then returns the rest of the last durable commit.
pub(super) async fn restore(
    log: &EmbeddedLog,
    partition: PartitionId,
    visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
) -> Result<RestoredPartition, BusError> {
    let (chunks, mut read) = mpsc::channel(2);
    let (keyspaces, instant) = (log.shared().keyspaces.clone(), log.shared().durable());
    let reading = tokio::task::spawn_blocking(move || {
        read_states(&keyspaces, &instant, partition, &chunks)?;
        read_commit(&keyspaces, &instant, partition)
    });
    while let Some(chunk) = read.recv().await {
        for (user_id, state) in chunk {
            visit(user_id, &state);
        }
    }
    reading.await.map_err(|error| BusError::Unavailable(format!("restoring was interrupted: {error}")))?
}

fn read_states(
    keyspaces: &Keyspaces,
    instant: &Snapshot,
    partition: PartitionId,
    chunks: &mpsc::Sender<States>,
) -> Result<(), BusError> {
    let mut chunk = States::new();
    let mut size = 0;
    for entry in instant.prefix(&keyspaces.states, partition_prefix(partition)) {
        let (key, state) = entry.into_inner().map_err(from_fjall)?;
        let user_id = user_of(&key).ok_or_else(|| BusError::Damaged("a state's key has another length".to_owned()))?;
        size += state.len() + key.len();
        chunk.push((user_id, state));
        if size >= CHUNK_BYTES {
            size = 0;
            if chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
    }
    // Nobody listens when restoring was given up.
    let _ = chunks.blocking_send(chunk);
    Ok(())
}

fn read_commit(
    keyspaces: &Keyspaces,
    instant: &Snapshot,
    partition: PartitionId,
) -> Result<RestoredPartition, BusError> {
    let meta = |key: Vec<u8>| instant.get(&keyspaces.meta, key).map_err(from_fjall);
    let position = meta(position_key(partition))?.map(|bytes| Position::decode(&bytes)).transpose()?;
    let definitions = meta(definitions_key(partition))?;
    let Position { next_offset, now, log_time } = position.unwrap_or_default();
    Ok(RestoredPartition {
        next_offset,
        now,
        log_time,
        definitions: definitions.map(|bytes| decode_definitions(partition, &bytes)).transpose()?,
        changes_end: changes_end(keyspaces, instant, partition)?,
    })
}

/// What was trimmed to the last change ends where it begins.
fn changes_end(keyspaces: &Keyspaces, instant: &Snapshot, partition: PartitionId) -> Result<Offset, BusError> {
    let changes = keyspaces.topic(Topic::SegmentChanges);
    if let Some(last) = instant.prefix(changes, partition_prefix(partition)).next_back() {
        let key = last.key().map_err(from_fjall)?;
        let last = offset_of(&key);
        return last
            .map(|last| last + 1)
            .ok_or_else(|| BusError::Damaged("a record's key has another length".to_owned()));
    }
    let begin = instant.get(&keyspaces.meta, begin_key(Topic::SegmentChanges, partition)).map_err(from_fjall)?;
    begin.map_or(Ok(0), |bytes| decode_number(&bytes))
}
