//! How values lie in the keyspaces.
//!
//! A record is its time (for retention), its key and its JSON; a partition's position is three numbers.

use bytes::Bytes;
use schema::{Offset, Timestamp, UserId};

use crate::{BusError, StoredRecord};

const HEAD_LENGTH: usize = 16;

/// A record before it has an offset.
#[derive(Clone, Debug)]
pub(super) struct NewValue {
    /// Whose it is.
    pub(super) user_id: UserId,
    /// Time, key, JSON.
    pub(super) bytes: Vec<u8>,
}

impl NewValue {
    /// Puts time and key before the JSON.
    pub(super) fn new(time: Timestamp, user_id: UserId, json: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEAD_LENGTH + json.len());
        bytes.extend_from_slice(&time.as_micros().to_be_bytes());
        bytes.extend_from_slice(&user_id.0.to_be_bytes());
        bytes.extend_from_slice(json);
        Self { user_id, bytes }
    }
}

/// Reads a record as it was stored.
pub(super) fn decode_record(offset: Offset, value: &[u8]) -> Result<StoredRecord, BusError> {
    let (_, user_id, json) = split(value).ok_or_else(|| damaged_record(offset))?;
    Ok(StoredRecord { offset, user_id, value: Bytes::copy_from_slice(json) })
}

/// Reads only when a stored record was written.
pub(super) fn time_of(offset: Offset, value: &[u8]) -> Result<Timestamp, BusError> {
    split(value).map(|(time, ..)| time).ok_or_else(|| damaged_record(offset))
}

fn damaged_record(offset: Offset) -> BusError {
    BusError::Damaged(format!("record {offset} is shorter than its head"))
}

fn split(value: &[u8]) -> Option<(Timestamp, UserId, &[u8])> {
    let (time, rest) = value.split_first_chunk::<8>()?;
    let (user_id, json) = rest.split_first_chunk::<8>()?;
    Some((Timestamp::from_micros(i64::from_be_bytes(*time)), UserId(i64::from_be_bytes(*user_id)), json))
}

/// Where the last commit of a partition left it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Position {
    /// The first record that is not in the state.
    pub(super) next_offset: Offset,
    /// The partition's clock.
    pub(super) now: Timestamp,
    /// The partition's log time.
    pub(super) log_time: Timestamp,
}

impl Position {
    pub(super) fn encode(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.next_offset.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.now.as_micros().to_be_bytes());
        bytes[16..].copy_from_slice(&self.log_time.as_micros().to_be_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BusError> {
        let fields: [u8; 24] =
            bytes.try_into().map_err(|_| BusError::Damaged("a partition's position has another length".to_owned()))?;
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&fields[at..at + 8]);
            eight
        };
        Ok(Self {
            next_offset: Offset::from_be_bytes(number(0)),
            now: Timestamp::from_micros(i64::from_be_bytes(number(8))),
            log_time: Timestamp::from_micros(i64::from_be_bytes(number(16))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back() {
        let time = Timestamp::from_micros(-7);
        let value = NewValue::new(time, UserId(5), b"{}");
        let record = decode_record(9, &value.bytes).unwrap();
        assert_eq!((record.offset, record.user_id, &record.value[..]), (9, UserId(5), &b"{}"[..]));
        assert_eq!(time_of(9, &value.bytes).unwrap(), time);
        let position = Position { next_offset: 3, now: time, log_time: Timestamp::from_micros(8) };
        assert_eq!(Position::decode(&position.encode()).unwrap(), position);
    }

    #[test]
    fn what_is_too_short_is_damaged_and_not_a_panic() {
        assert!(matches!(decode_record(0, &[1, 2, 3]), Err(BusError::Damaged(_))));
        assert!(matches!(Position::decode(&[0; 23]), Err(BusError::Damaged(_))));
    }
}
