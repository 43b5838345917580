//! What a batch does to the history, decided record by record in the order of the log.
//!
//! Later records of a batch see what earlier ones did, which is not stored yet: so the draft keeps it
//! and asks the database only for the rest.

use std::collections::BTreeMap;

use schema::{
    Event, LogRecord, Offset, PartitionId, StandingTraits, Timestamp, UserDeletion, UserId, UserTraits, is_duplicate_of,
};

use super::erasing::erase;
use super::failure::{damaged, from_fjall};
use super::keys::{ROW_KEY_LENGTH, UserKey, counted_key, decode_time, encode_time, row_key, user_prefix};
use super::keyspaces::{Keyspaces, Position};
use crate::{WarehouseError, WriteBatch};

type Key = [u8; ROW_KEY_LENGTH];

/// A batch in the making.
pub(super) struct Draft<'a> {
    keyspaces: &'a Keyspaces,
    partition: PartitionId,
    position: Position,
    rows: BTreeMap<Key, Vec<u8>>,
    counted: BTreeMap<Key, Timestamp>,
    traits: BTreeMap<UserId, StandingTraits>,
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
        let (rows, counted, traits, deleted) = Default::default();
        Ok(Self { keyspaces, partition, position, rows, counted, traits, deleted })
    }

    /// Decides what a record does.
    pub(super) fn take(&mut self, offset: Offset, record: &LogRecord) -> Result<(), WarehouseError> {
        self.position.log_time = self.position.log_time.max(record.received_at());
        match record {
            LogRecord::Event(event) => self.take_event(offset, event),
            LogRecord::Traits(traits) => self.take_traits(traits),
            LogRecord::Deletion(deletion) => {
                self.take_deletion(offset, deletion);
                Ok(())
            }
        }
    }

    /// Writes everything to the journal and the memtables; the caller syncs. Returns the log time.
    pub(super) fn write(self) -> Result<Timestamp, WarehouseError> {
        let keyspaces = self.keyspaces;
        let erased: Vec<UserKey> = self.deleted.keys().map(|user_id| user_prefix(self.partition, *user_id)).collect();
        let log_time = self.commit()?;
        erased.iter().try_for_each(|user| erase(keyspaces, user))?;
        Ok(log_time)
    }

    /// Writes the batch, which puts its deleted users out of sight together with the position.
    fn commit(self) -> Result<Timestamp, WarehouseError> {
        let mut batch = self.keyspaces.database.batch();
        for (key, event) in self.rows {
            batch.insert(&self.keyspaces.rows, key, event);
        }
        for (key, counted_at) in self.counted {
            batch.insert(&self.keyspaces.counted, key, encode_time(counted_at));
        }
        for (user_id, standing) in self.traits {
            let encoded =
                serde_json::to_vec(&standing).map_err(|error| damaged(&format!("encoding traits: {error}")))?;
            batch.insert(&self.keyspaces.traits, user_prefix(self.partition, user_id), encoded);
        }
        for (user_id, offset) in self.deleted {
            let key = user_prefix(self.partition, user_id);
            batch.insert(&self.keyspaces.deleted, key, offset.to_be_bytes());
            batch.insert(&self.keyspaces.erasing, key, []);
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

    fn take_traits(&mut self, said: &UserTraits) -> Result<(), WarehouseError> {
        let user_id = said.user_id;
        if self.is_deleted(user_id)? {
            return Ok(());
        }
        let mut standing = match self.traits.remove(&user_id) {
            Some(standing) => standing,
            None => self.keyspaces.traits_of(&user_prefix(self.partition, user_id))?,
        };
        standing.fold(said);
        self.traits.insert(user_id, standing);
        Ok(())
    }

    fn take_deletion(&mut self, offset: Offset, deletion: &UserDeletion) {
        let prefix = user_prefix(self.partition, deletion.user_id);
        self.rows.retain(|key, _| !key.starts_with(&prefix));
        self.counted.retain(|key, _| !key.starts_with(&prefix));
        self.traits.remove(&deletion.user_id);
        self.deleted.entry(deletion.user_id).or_insert(offset);
    }

    fn is_deleted(&self, user_id: UserId) -> Result<bool, WarehouseError> {
        Ok(self.deleted.contains_key(&user_id) || self.keyspaces.is_deleted(&user_prefix(self.partition, user_id))?)
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
}

#[cfg(test)]
mod tests {
    use schema::{EventId, partition_of};
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::super::reading::history;
    use super::*;

    const PARTITION: PartitionId = PartitionId(0);

    fn event(user_id: UserId) -> LogRecord {
        LogRecord::Event(Event::new(
            EventId(Uuid::from_u64_pair(1, 1)),
            user_id,
            "page_viewed",
            Timestamp::from_micros(1),
        ))
    }

    fn deletion(user_id: UserId) -> LogRecord {
        LogRecord::Deletion(UserDeletion { user_id, received_at: Timestamp::from_micros(2) })
    }

    fn draft(keyspaces: &Keyspaces, from: Offset, records: Vec<LogRecord>) -> Draft<'_> {
        let records: Vec<_> = (from..).zip(records).collect();
        let next = from + u64::try_from(records.len()).unwrap();
        let mut draft =
            Draft::new(keyspaces, &WriteBatch { partition: PARTITION, from, next, records: vec![] }).unwrap();
        for (offset, record) in &records {
            draft.take(*offset, record).unwrap();
        }
        draft
    }

    #[track_caller]
    fn check(keyspaces: &Keyspaces, expected: &[Offset]) {
        let page = history(keyspaces, PARTITION, Offset::MAX, None, 10).unwrap();
        let offsets: Vec<_> = page.rows.iter().map(|row| row.position.offset).collect();
        assert_eq!(offsets, expected);
    }

    #[test]
    fn a_crash_in_the_middle_of_a_deletion_shows_all_rows_or_none_and_is_finished_at_the_next_start() {
        assert_eq!(partition_of(UserId(1), 1), PARTITION);
        let dir = TempDir::new().unwrap();
        let keyspaces = Keyspaces::open(dir.path(), 1).unwrap();
        draft(&keyspaces, 0, vec![event(UserId(1)), event(UserId(2))]).write().unwrap();
        check(&keyspaces, &[0, 1]);
        draft(&keyspaces, 2, vec![deletion(UserId(1))]).commit().unwrap();
        check(&keyspaces, &[1]);
        assert_eq!(keyspaces.rows.iter().count(), 2, "they are out of sight, and still there");
        drop(keyspaces);
        let keyspaces = Keyspaces::open(dir.path(), 1).unwrap();
        check(&keyspaces, &[1]);
        assert_eq!(keyspaces.rows.iter().count(), 1, "the deletion is finished");
        assert_eq!((keyspaces.counted.iter().count(), keyspaces.erasing.iter().count()), (1, 0));
    }
}
