//! What was read so far of a partition's compacted state: the latest value of each key.
//!
//! A million users are a million values that come at once and go at once. They lie end to end in pieces, in the
//! order they came; one of its own for each would cost more than reading it.

use std::collections::HashMap;

use schema::{Definitions, Offset, PartitionId, UserId};

use super::work::{Position, StateKey, decode_definitions, decode_position};
use crate::{BusError, RestoredPartition};

/// How much is taken from the system at once; a larger value has a piece of its own.
const PIECE_BYTES: usize = 1_024 * 1_024;

/// What a reading of the state topic, from its beginning, has found.
#[derive(Default)]
pub(super) struct Gathered {
    /// Where to read on; `None` before the first turn.
    pub(super) next: Option<Offset>,
    states: States,
    position: Option<Position>,
    definitions: Option<Definitions>,
}

impl Gathered {
    /// Takes the next record.
    pub(super) fn note(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<(), BusError> {
        match (StateKey::parse(key)?, value) {
            (StateKey::User(user_id), value) => self.states.put(user_id, value),
            (StateKey::Position, Some(value)) => self.position = Some(decode_position(value)?),
            (StateKey::Definitions, Some(value)) => self.definitions = Some(decode_definitions(value)?),
            (StateKey::Position | StateKey::Definitions, None) => {}
        }
        Ok(())
    }

    /// Returns where the last commit left the partition.
    pub(super) fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Shows every user's state and returns the rest.
    pub(super) fn show(
        self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
        changes_end: Offset,
    ) -> Result<RestoredPartition, BusError> {
        let Some(position) = self.position else {
            if self.states.latest.is_empty() && self.definitions.is_none() {
                return Ok(RestoredPartition { changes_end, ..RestoredPartition::default() });
            }
            return Err(BusError::Damaged(format!("partition {partition} has state and no position")));
        };
        self.states.show(visit);
        let Position { next_offset, now, log_time, .. } = position;
        Ok(RestoredPartition { next_offset, now, log_time, definitions: self.definitions, changes_end })
    }
}

/// The states of users as they came, and which of them are the latest.
#[derive(Default)]
struct States {
    pieces: Vec<Piece>,
    /// Where the latest state of each user lies.
    latest: HashMap<UserId, Place>,
    bytes: usize,
    /// Those of them that are the latest of their user.
    latest_bytes: usize,
}

#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    /// Whose state ends where.
    ends: Vec<(UserId, usize)>,
}

/// One state: which of which piece.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    piece: usize,
    nth: usize,
    bytes: usize,
}

impl States {
    fn put(&mut self, user_id: UserId, state: Option<&[u8]>) {
        let before = match state {
            Some(state) => {
                let place = self.append(user_id, state);
                self.latest.insert(user_id, place)
            }
            None => self.latest.remove(&user_id),
        };
        self.latest_bytes -= before.map_or(0, |place| place.bytes);
        // What compaction has not come to yet is not kept in memory either.
        if self.bytes > 2 * self.latest_bytes + PIECE_BYTES {
            self.tidy();
        }
    }

    fn append(&mut self, user_id: UserId, state: &[u8]) -> Place {
        if self.pieces.last().is_none_or(|piece| piece.bytes.capacity() - piece.bytes.len() < state.len()) {
            let bytes = Vec::with_capacity(PIECE_BYTES.max(state.len()));
            self.pieces.push(Piece { bytes, ends: Vec::new() });
        }
        let index = self.pieces.len() - 1;
        let piece = &mut self.pieces[index];
        piece.bytes.extend_from_slice(state);
        piece.ends.push((user_id, piece.bytes.len()));
        self.bytes += state.len();
        self.latest_bytes += state.len();
        Place { piece: index, nth: piece.ends.len() - 1, bytes: state.len() }
    }

    /// Forgets what is not the latest of its user.
    fn tidy(&mut self) {
        let mut tidy = Self { latest: HashMap::with_capacity(self.latest.len()), ..Self::default() };
        std::mem::take(self).show(&mut |user_id, state| tidy.put(user_id, Some(state)));
        *self = tidy;
    }

    /// Shows the latest of each user, in the order they came; memory goes as it is read.
    fn show(self, visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send)) {
        for (piece, Piece { bytes, ends }) in self.pieces.into_iter().enumerate() {
            let mut begin = 0;
            for (nth, (user_id, end)) in ends.into_iter().enumerate() {
                let place = Place { piece, nth, bytes: end - begin };
                if self.latest.get(&user_id) == Some(&place) {
                    visit(user_id, bytes.get(begin..end).unwrap_or_default());
                }
                begin = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(states: States, expected: &BTreeMap<UserId, Vec<u8>>) {
        let mut shown = BTreeMap::new();
        states.show(&mut |user_id, state| {
            assert_eq!(shown.insert(user_id, state.to_vec()), None, "user {user_id} is shown twice");
        });
        assert!(shown == *expected, "{} of {} users, or other states", shown.len(), expected.len());
    }

    #[test]
    fn the_latest_state_of_each_user_is_shown_once_and_what_came_before_takes_no_memory() {
        let (mut states, mut expected) = (States::default(), BTreeMap::new());
        // Every user three times in turn, a fifth of them gone at last, and one who is larger than a piece.
        for round in 0..3_usize {
            for id in 0..40_000_usize {
                let state = vec![round as u8; 40 + id % 50];
                states.put(UserId(id as i64), Some(&state));
                expected.insert(UserId(id as i64), state);
            }
        }
        for id in (0..40_000).step_by(5) {
            states.put(UserId(id), None);
            expected.remove(&UserId(id));
        }
        let large = vec![7; PIECE_BYTES + 1];
        states.put(UserId(-1), Some(&large));
        expected.insert(UserId(-1), large);
        let latest: usize = expected.values().map(Vec::len).sum();
        assert_eq!(states.latest_bytes, latest);
        assert!(states.bytes <= 2 * latest + PIECE_BYTES, "{} bytes are kept for {latest}", states.bytes);
        let taken: usize = states.pieces.iter().map(|piece| piece.bytes.capacity()).sum();
        assert!(taken <= states.bytes + 2 * PIECE_BYTES, "{taken} bytes were taken for {}", states.bytes);
        check(states, &expected);
    }

    #[test]
    fn who_has_no_state_any_more_is_not_shown() {
        let mut states = States::default();
        states.put(UserId(1), Some(b"state"));
        states.put(UserId(2), None);
        states.put(UserId(1), None);
        check(states, &BTreeMap::new());
    }
}
