//! What a commit writes, record by record, and how it lies in the topics.
//!
//! The state topic holds one record per user, one for where the partition is and one for the
//! definitions; keys of users are their ids, so no user can have the others' names.

use std::collections::BTreeMap;

use rdkafka::TopicPartitionList;
use rdkafka::topic_partition_list::Offset as KafkaOffset;
use schema::{Definitions, Offset, PartitionId, Timestamp, Topic, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RECORD_OVERHEAD;
use super::failure::unavailable;
use super::topics::{self, Lane, TopicNames};
use crate::values::{encode, encode_error};
use crate::{BusError, PartitionCommit};

/// The key of where a partition is.
const POSITION_KEY: &str = "position";
/// The key of the definitions by which its state was made.
const DEFINITIONS_KEY: &str = "definitions";
/// How the state topic is written; another number is refused.
const FORMAT: u32 = 1;

/// Where the last commit of a partition left it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Position {
    format: u32,
    /// The commit; the group's offset carries it too.
    pub(super) commit: String,
    pub(super) next_offset: Offset,
    pub(super) now: Timestamp,
    pub(super) log_time: Timestamp,
    /// The first offset behind the changes of the commits before; `None` when their owner did not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) changes_before: Option<Offset>,
    /// Whether the commit published changes itself.
    #[serde(default)]
    pub(super) publishes: bool,
}

/// What a position of any format says.
#[derive(Deserialize)]
struct Formatted {
    format: u32,
}

/// One record of a commit.
pub(super) struct Write {
    /// An index into the lanes of the work.
    pub(super) lane: usize,
    pub(super) key: String,
    /// `None` removes what the key had.
    pub(super) value: Option<Vec<u8>>,
    /// The last of its lane in this commit.
    pub(super) last: bool,
    /// The first offset behind the record before it in its lane, where readers need it and it is known.
    pub(super) follows: Option<Offset>,
}

/// Everything that one transaction writes.
pub(super) struct Work {
    /// The name of the commit.
    pub(super) commit: String,
    pub(super) lanes: Vec<Lane>,
    pub(super) writes: Vec<Write>,
    pub(super) timestamp_millis: i64,
    events: Lane,
    next_offset: Offset,
    /// The first offset behind the changes of the commits before, when it is known.
    changes_before: Option<Offset>,
}

impl Work {
    /// Puts a commit into records.
    pub(super) fn new(
        names: &TopicNames,
        partition: PartitionId,
        commit: &PartitionCommit,
        changes_before: Option<Offset>,
        max_bytes: usize,
    ) -> Result<Self, BusError> {
        let mut work = Self {
            commit: Uuid::new_v4().to_string(),
            lanes: Vec::new(),
            writes: Vec::new(),
            timestamp_millis: commit.now.as_micros().div_euclid(1_000).max(0),
            events: names.lane(Topic::Events, partition),
            next_offset: commit.next_offset,
            changes_before,
        };
        work.put_state(names.lane_of(topics::STATE, partition), commit)?;
        work.put_changes(names, partition, commit)?;
        let errors = commit.errors.iter().map(encode_error);
        work.put_all(names.lane(Topic::Errors, partition), errors)?;
        let letters = commit.dead_letters.iter().map(|letter| Ok((letter.user_id, letter.encode()?)));
        work.put_all(names.lane(Topic::DeadLetters, partition), letters)?;
        work.mark_last();
        work.check_sizes(max_bytes)?;
        Ok(work)
    }

    /// Returns the offset up to which the commit has consumed, as the group keeps it.
    pub(super) fn consumed(&self) -> Result<TopicPartitionList, BusError> {
        let mut list = TopicPartitionList::new();
        let mut element = list.add_partition(&self.events.topic, i32::from(self.events.partition.0));
        let offset = i64::try_from(self.next_offset)
            .map_err(|_| BusError::Damaged(format!("offset {} is no offset", self.next_offset)))?;
        element.set_offset(KafkaOffset::Offset(offset)).map_err(|error| unavailable("committing", &error))?;
        element.set_metadata(&self.commit);
        Ok(list)
    }

    /// Returns the index of the lane of changes, when the commit has some.
    pub(super) fn lane_of(&self, topic: &str) -> Option<usize> {
        self.lanes.iter().position(|lane| &*lane.topic == topic)
    }

    fn put_state(&mut self, lane: Lane, commit: &PartitionCommit) -> Result<(), BusError> {
        let lane = self.lane(lane);
        // The last of a user counts; the others would only have to be compacted away.
        let latest: BTreeMap<UserId, &Vec<u8>> =
            commit.users.iter().map(|(user_id, state)| (*user_id, state)).collect();
        for (user_id, state) in latest {
            let value = (!state.is_empty()).then(|| state.clone());
            self.put(lane, user_id.to_string(), value);
        }
        if let Some(definitions) = &commit.definitions {
            self.put(lane, DEFINITIONS_KEY.to_owned(), Some(encode(definitions)?));
        }
        let PartitionCommit { next_offset, now, log_time, .. } = *commit;
        let position = Position {
            format: FORMAT,
            commit: self.commit.clone(),
            next_offset,
            now,
            log_time,
            changes_before: self.changes_before,
            publishes: !commit.changes.is_empty(),
        };
        self.put(lane, POSITION_KEY.to_owned(), Some(encode(&position)?));
        Ok(())
    }

    fn put_changes(
        &mut self,
        names: &TopicNames,
        partition: PartitionId,
        commit: &PartitionCommit,
    ) -> Result<(), BusError> {
        let encoded = commit.changes.iter().map(|change| Ok((change.user_id, encode(change)?)));
        let encoded = encoded.collect::<Result<Vec<_>, BusError>>()?;
        let latest: BTreeMap<UserId, usize> =
            encoded.iter().enumerate().map(|(index, (user_id, _))| (*user_id, index)).collect();
        let memberships = encoded.iter().enumerate().filter(|(index, (user_id, _))| latest[user_id] == *index);
        let memberships: Vec<_> = memberships.map(|(_, change)| Ok(change.clone())).collect();
        let first = self.writes.len();
        self.put_all(names.lane(Topic::SegmentChanges, partition), encoded.into_iter().map(Ok))?;
        if let Some(first) = self.writes.get_mut(first) {
            first.follows = self.changes_before;
        }
        self.put_all(names.lane(Topic::SegmentMemberships, partition), memberships)
    }

    fn put_all(
        &mut self,
        lane: Lane,
        values: impl IntoIterator<Item = Result<(UserId, Vec<u8>), BusError>>,
    ) -> Result<(), BusError> {
        let mut index = None;
        for value in values {
            let (user_id, value) = value?;
            let index = *index.get_or_insert_with(|| self.lane(lane.clone()));
            self.put(index, user_id.to_string(), Some(value));
        }
        Ok(())
    }

    fn lane(&mut self, lane: Lane) -> usize {
        self.lanes.push(lane);
        self.lanes.len() - 1
    }

    fn put(&mut self, lane: usize, key: String, value: Option<Vec<u8>>) {
        self.writes.push(Write { lane, key, value, last: false, follows: None });
    }

    fn mark_last(&mut self) {
        for lane in 0..self.lanes.len() {
            if let Some(last) = self.writes.iter_mut().rev().find(|write| write.lane == lane) {
                last.last = true;
            }
        }
    }

    fn check_sizes(&self, max_bytes: usize) -> Result<(), BusError> {
        for write in &self.writes {
            let size_bytes = write.value.as_ref().map_or(0, Vec::len);
            if size_bytes + RECORD_OVERHEAD > max_bytes {
                let what = format!("the record of `{}` for `{}`", write.key, self.lanes[write.lane].topic);
                return Err(BusError::TooLarge { what, size_bytes, max_bytes });
            }
        }
        Ok(())
    }
}

/// What a record of the state topic is about.
pub(super) enum StateKey {
    User(UserId),
    Position,
    Definitions,
}

impl StateKey {
    pub(super) fn parse(key: Option<&[u8]>) -> Result<Self, BusError> {
        let text = key.and_then(|key| std::str::from_utf8(key).ok());
        match text {
            Some(POSITION_KEY) => Ok(Self::Position),
            Some(DEFINITIONS_KEY) => Ok(Self::Definitions),
            other => match other.and_then(|text| text.parse().ok()) {
                Some(user_id) => Ok(Self::User(UserId(user_id))),
                None => Err(BusError::Damaged(format!("a record of the state has the key {other:?}"))),
            },
        }
    }
}

/// Decodes where a partition is.
pub(super) fn decode_position(value: &[u8]) -> Result<Position, BusError> {
    let damaged = |error| BusError::Damaged(format!("the position of a partition: {error}"));
    // First, for another format may have other fields.
    let Formatted { format } = serde_json::from_slice(value).map_err(damaged)?;
    if format != FORMAT {
        return Err(BusError::Damaged(format!("the state has format {format} and this version reads {FORMAT}")));
    }
    serde_json::from_slice(value).map_err(damaged)
}

/// Decodes the definitions by which a partition's state was made.
pub(super) fn decode_definitions(value: &[u8]) -> Result<Definitions, BusError> {
    serde_json::from_slice(value).map_err(|error| BusError::Damaged(format!("the definitions of a partition: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITION: &str =
        r#"{"format":1,"commit":"c","next_offset":7,"now":"2026-01-01T00:00:00Z","log_time":"2026-01-01T00:00:00Z""#;

    #[track_caller]
    fn check(position: &str, expected: Result<Offset, &str>) {
        let read = decode_position(position.as_bytes()).map(|position| position.next_offset);
        assert_eq!(
            read.map_err(|error| error.to_string()),
            expected.map_err(|refusal| format!("the log is damaged: {refusal}"))
        );
    }

    #[test]
    fn a_position_of_another_format_is_refused_by_its_number_whatever_else_it_says() {
        check(&format!("{POSITION}}}"), Ok(7));
        check(&format!(r#"{POSITION},"of_a_later_release":{{"a":1}}}}"#), Ok(7));
        let refused = Err("the state has format 2 and this version reads 1");
        check(&format!("{POSITION}}}").replace(r#""format":1"#, r#""format":2"#), refused);
        check(r#"{"format":2,"offset":7}"#, refused);
    }
}
