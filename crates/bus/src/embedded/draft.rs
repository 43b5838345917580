//! One atomic batch in the making, and the offsets it hands out.
//!
//! Offsets count only when the batch was written: a draft that is thrown away leaves no gap.

use std::collections::BTreeMap;

use fjall::OwnedWriteBatch;
use schema::{Offset, PartitionId, Topic, UserId};

use super::failure::from_fjall;
use super::keys::{record_key, user_key};
use super::keyspaces::{begin_key, definitions_key, position_key};
use super::request::CommitWrite;
use super::retention::Trim;
use super::shared::Shared;
use super::stored::NewValue;
use crate::BusError;

/// Where lanes end.
pub(super) type Ends = BTreeMap<(Topic, PartitionId), Offset>;

/// A batch in the making.
pub(super) struct Draft<'a> {
    shared: &'a Shared,
    /// Where lanes end that were written to since the last sync.
    unsynced: &'a Ends,
    batch: OwnedWriteBatch,
    ends: Ends,
}

impl<'a> Draft<'a> {
    pub(super) fn new(shared: &'a Shared, unsynced: &'a Ends) -> Self {
        Self { shared, unsynced, batch: shared.keyspaces.database.batch(), ends: Ends::new() }
    }

    /// Writes the batch to the journal and the memtables; returns where its lanes end now.
    pub(super) fn write(self) -> Result<Ends, BusError> {
        self.batch.commit().map_err(from_fjall)?;
        Ok(self.ends)
    }

    /// Gives a record the next offset of its lane.
    pub(super) fn append(&mut self, topic: Topic, partition: PartitionId, bytes: Vec<u8>) -> Result<Offset, BusError> {
        let offset = self.end(topic, partition)?;
        self.batch.insert(self.shared.keyspaces.topic(topic), record_key(partition, offset), bytes);
        self.ends.insert((topic, partition), offset + 1);
        Ok(offset)
    }

    /// Puts everything of a commit.
    pub(super) fn commit(&mut self, commit: CommitWrite) -> Result<(), BusError> {
        let partition = commit.partition;
        self.put_states(partition, commit.states);
        self.put_changes(partition, commit.changes)?;
        for value in commit.errors {
            self.append(Topic::Errors, partition, value.bytes)?;
        }
        for value in commit.dead_letters {
            self.append(Topic::DeadLetters, partition, value.bytes)?;
        }
        let meta = &self.shared.keyspaces.meta;
        self.batch.insert(meta, position_key(partition), commit.position.encode());
        if let Some(definitions) = commit.definitions {
            self.batch.insert(meta, definitions_key(partition), definitions);
        }
        Ok(())
    }

    /// Removes the records of a lane from where it begins up to `begin`.
    pub(super) fn trim(&mut self, trim: Trim) -> Result<(), BusError> {
        let Trim { topic, partition, begin } = trim;
        let keyspaces = &self.shared.keyspaces;
        for offset in keyspaces.begin(topic, partition)?..begin {
            self.batch.remove(keyspaces.topic(topic), record_key(partition, offset));
        }
        self.batch.insert(&keyspaces.meta, begin_key(topic, partition), begin.to_be_bytes());
        Ok(())
    }

    fn put_states(&mut self, partition: PartitionId, states: Vec<(UserId, Vec<u8>)>) {
        // The last of a user counts. A batch must not hold a key twice: its entries share one sequence number.
        let latest: BTreeMap<UserId, Vec<u8>> = states.into_iter().collect();
        for (user_id, state) in latest {
            let key = user_key(partition, user_id);
            if state.is_empty() {
                self.batch.remove(&self.shared.keyspaces.states, key);
            } else {
                self.batch.insert(&self.shared.keyspaces.states, key, state);
            }
        }
    }

    /// Appends changes, and puts the latest of each user into `segment-memberships` at the same offset.
    fn put_changes(&mut self, partition: PartitionId, changes: Vec<NewValue>) -> Result<(), BusError> {
        let mut latest = BTreeMap::new();
        for change in changes {
            let offset = self.append(Topic::SegmentChanges, partition, change.bytes.clone())?;
            latest.insert(change.user_id, (offset, change.bytes));
            self.ends.insert((Topic::SegmentMemberships, partition), offset + 1);
        }
        for (user_id, (offset, bytes)) in latest {
            self.put_membership(partition, user_id, offset, bytes)?;
        }
        Ok(())
    }

    fn put_membership(
        &mut self,
        partition: PartitionId,
        user_id: UserId,
        offset: Offset,
        bytes: Vec<u8>,
    ) -> Result<(), BusError> {
        let keyspaces = &self.shared.keyspaces;
        let memberships = keyspaces.topic(Topic::SegmentMemberships);
        let key = user_key(partition, user_id);
        if let Some(previous) = keyspaces.membership_offsets.get(key).map_err(from_fjall)? {
            let previous = previous.as_ref().try_into().map(Offset::from_be_bytes);
            let previous = previous.map_err(|_| BusError::Damaged("a membership's offset is short".to_owned()))?;
            self.batch.remove(memberships, record_key(partition, previous));
        }
        self.batch.insert(&keyspaces.membership_offsets, key, offset.to_be_bytes());
        self.batch.insert(memberships, record_key(partition, offset), bytes);
        Ok(())
    }

    fn end(&self, topic: Topic, partition: PartitionId) -> Result<Offset, BusError> {
        let lane = (topic, partition);
        match self.ends.get(&lane).or_else(|| self.unsynced.get(&lane)) {
            Some(end) => Ok(*end),
            None => Ok(self.shared.lane(topic, partition)?.end()),
        }
    }
}
