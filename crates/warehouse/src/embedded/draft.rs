//! What a batch does to the history, decided record by record in the order of the log.
//!
//! Later records of a batch see what earlier ones did, which is not stored yet: so the draft keeps it
//! and asks the database only for the rest.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Event, LogRecord, Offset, PartitionId, Timestamp, UserDeletion, UserId, is_duplicate_of};

use super::failure::{damaged, from_fjall};
use super::keys::{ROW_KEY_LENGTH, counted_key, decode_time, encode_time, row_key, user_prefix};
use super::keyspaces::{Keyspaces, Position};
use crate::{WarehouseError, WriteBatch};

/// Rows of a deleted user that one batch removes; who has more is removed in several, before the
/// position moves on.
const DELETE_ROWS: usize = 10_000;

type Key = [u8; ROW_KEY_LENGTH];

/// A batch in the making.
pub(super) struct Draft<'a> {
    keyspaces: &'a Keyspaces,
    partition: PartitionId,
    position: Position,
    rows: BTreeMap<Key, Vec<u8>>,
    counted: BTreeMap<Key, Timestamp>,
    deleted: BTreeMap<UserId, Offset>,
}

impl<'a> Draft<'a> {
    /// Begins where the stored position is; refuses a batch that begins elsewhere.
    pub(super) fn new(keyspaces: &'a Keyspaces, batch: &WriteBatch) -> Result<Self, WarehouseError> {
        let WriteBatch { partition, from, next, .. } = *batch;
        let position = keyspaces.position(partition)?;
        if position.next != from {
            return Err(WarehouseError::Moved { partition, expected: from, actual: position.next });
        }
        if !batch.records.iter().map(|(offset, _)| *offset).is_sorted_by(|left, right| left < right)
            || !batch.records.iter().all(|(offset, _)| (from..next).contains(offset))
        {
            return Err(damaged(&format!("a batch of {from}..{next} whose records are not in there in order")));
        }
        let position = Position { next, ..position };
        let (rows, counted, deleted) = Default::default();
        Ok(Self { keyspaces, partition, position, rows, counted, deleted })
    }

    /// Decides what a record does.
    pub(super) fn take(&mut self, offset: Offset, record: &LogRecord) -> Result<(), WarehouseError> {
        self.position.log_time = self.position.log_time.max(record.received_at());
        match record {
            LogRecord::Event(event) => self.take_event(offset, event),
            LogRecord::Deletion(deletion) => {
                self.take_deletion(offset, deletion);
                Ok(())
            }
        }
    }

    /// Writes everything to the journal and the memtables; the caller syncs. Returns the log time.
    pub(super) fn write(self) -> Result<Timestamp, WarehouseError> {
        for user_id in self.deleted.keys() {
            self.remove_stored(*user_id)?;
        }
        let mut batch = self.keyspaces.database.batch();
        for (key, event) in self.rows {
            batch.insert(&self.keyspaces.rows, key, event);
        }
        for (key, counted_at) in self.counted {
            batch.insert(&self.keyspaces.counted, key, encode_time(counted_at));
        }
        for (user_id, offset) in self.deleted {
            let key = user_prefix(self.partition, user_id);
            batch.insert(&self.keyspaces.deleted, key, offset.to_be_bytes());
        }
        self.keyspaces.put_position(&mut batch, self.partition, self.position);
        batch.commit().map_err(from_fjall)?;
        Ok(self.position.log_time)
    }

    fn take_event(&mut self, offset: Offset, event: &Event) -> Result<(), WarehouseError> {
        let key = counted_key(self.partition, event.user_id, event.event_id);
        if self.is_deleted(event.user_id)? || self.is_duplicate(&key)? {
            return Ok(());
        }
        let row = serde_json::to_vec(event).map_err(|error| damaged(&format!("encoding an event: {error}")))?;
        self.rows.insert(row_key(self.partition, event, offset), row);
        self.counted.insert(key, self.position.log_time);
        Ok(())
    }

    fn take_deletion(&mut self, offset: Offset, deletion: &UserDeletion) {
        let prefix = user_prefix(self.partition, deletion.user_id);
        self.rows.retain(|key, _| !key.starts_with(&prefix));
        self.counted.retain(|key, _| !key.starts_with(&prefix));
        self.deleted.entry(deletion.user_id).or_insert(offset);
    }

    fn is_deleted(&self, user_id: UserId) -> Result<bool, WarehouseError> {
        let key = user_prefix(self.partition, user_id);
        Ok(self.deleted.contains_key(&user_id) || self.keyspaces.deleted.contains_key(key).map_err(from_fjall)?)
    }

    fn is_duplicate(&self, key: &Key) -> Result<bool, WarehouseError> {
        let counted_at = match self.counted.get(key) {
            Some(counted_at) => Some(*counted_at),
            None => {
                let stored = self.keyspaces.counted.get(key).map_err(from_fjall)?;
                let decode = |bytes: fjall::UserValue| decode_time(&bytes).ok_or_else(|| damaged("a time is short"));
                stored.map(decode).transpose()?
            }
        };
        Ok(counted_at.is_some_and(|counted_at| is_duplicate_of(counted_at, self.position.log_time)))
    }

    /// Removes what is stored of a user. Not atomic with the position, and need not be: a crash in
    /// between leaves a part of the deletion done that is then done again.
    fn remove_stored(&self, user_id: UserId) -> Result<(), WarehouseError> {
        let prefix = user_prefix(self.partition, user_id);
        for keyspace in [&self.keyspaces.rows, &self.keyspaces.counted] {
            loop {
                let keys = keyspace.prefix(prefix).take(DELETE_ROWS).map(|entry| entry.key());
                let keys = keys.collect::<Result<BTreeSet<_>, _>>().map_err(from_fjall)?;
                if keys.is_empty() {
                    break;
                }
                let mut batch = self.keyspaces.database.batch();
                for key in keys {
                    batch.remove(keyspace, key);
                }
                batch.commit().map_err(from_fjall)?;
            }
        }
        Ok(())
    }
}
