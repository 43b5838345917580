//! Keys whose byte order is the order of what they stand for.

use schema::{Event, EventId, Offset, PartitionId, Timestamp, UserId};

/// partition, user, created_at, log offset.
pub(super) const ROW_KEY_LENGTH: usize = 26;
/// partition, user.
const USER_KEY_LENGTH: usize = 10;
/// What all keys of a user begin with.
pub(super) type UserKey = [u8; USER_KEY_LENGTH];

/// Returns what all keys of a partition begin with.
pub(super) fn partition_prefix(partition: PartitionId) -> [u8; 2] {
    partition.0.to_be_bytes()
}

/// Returns what all keys of a user begin with.
pub(super) fn user_prefix(partition: PartitionId, user_id: UserId) -> UserKey {
    let mut key = [0; USER_KEY_LENGTH];
    key[..2].copy_from_slice(&partition_prefix(partition));
    key[2..].copy_from_slice(&ordered(user_id.0));
    key
}

/// Returns the key of an event.
pub(super) fn row_key(partition: PartitionId, event: &Event, offset: Offset) -> [u8; ROW_KEY_LENGTH] {
    let mut key = [0; ROW_KEY_LENGTH];
    key[..10].copy_from_slice(&user_prefix(partition, event.user_id));
    key[10..18].copy_from_slice(&ordered(event.created_at.as_micros()));
    key[18..].copy_from_slice(&offset.to_be_bytes());
    key
}

/// Returns the key under which it is remembered when an event id of a user was counted.
pub(super) fn counted_key(partition: PartitionId, user_id: UserId, event_id: EventId) -> [u8; ROW_KEY_LENGTH] {
    let mut key = [0; ROW_KEY_LENGTH];
    key[..10].copy_from_slice(&user_prefix(partition, user_id));
    key[10..].copy_from_slice(event_id.0.as_bytes());
    key
}

/// Reads what all keys of an event's user begin with.
pub(super) fn user_of(row_key: &[u8]) -> Option<&UserKey> {
    row_key.first_chunk()
}

/// Reads the user that a key belongs to.
pub(super) fn user_id_of(key: &[u8]) -> Option<UserId> {
    let bytes: [u8; 8] = key.get(2..USER_KEY_LENGTH)?.try_into().ok()?;
    Some(UserId(i64::from_be_bytes(bytes) ^ i64::MIN))
}

/// Reads the offset out of an event's key.
pub(super) fn offset_of(row_key: &[u8]) -> Option<Offset> {
    row_key.get(18..)?.try_into().ok().map(Offset::from_be_bytes)
}

/// Reads the partition that a key begins with.
pub(super) fn partition_of_key(key: &[u8]) -> Option<PartitionId> {
    key.first_chunk().map(|bytes| PartitionId(u16::from_be_bytes(*bytes)))
}

/// Writes an instant.
pub(super) fn encode_time(time: Timestamp) -> [u8; 8] {
    time.as_micros().to_be_bytes()
}

/// Reads what `encode_time` wrote.
pub(super) fn decode_time(bytes: &[u8]) -> Option<Timestamp> {
    bytes.try_into().ok().map(|bytes| Timestamp::from_micros(i64::from_be_bytes(bytes)))
}

/// The sign bit is flipped, so that what is negative comes first.
fn ordered(number: i64) -> [u8; 8] {
    (number ^ i64::MIN).to_be_bytes()
}
