//! Keys whose byte order is the order of what they stand for.
//!
//! Every key begins with its partition, so that a partition's records and its state are one range.

use schema::{Offset, PartitionId, UserId};

/// The length of every key of records and of state.
pub(super) const KEY_LENGTH: usize = 10;

/// Returns the key of a record: partition, offset.
pub(super) fn record_key(partition: PartitionId, offset: Offset) -> [u8; KEY_LENGTH] {
    joined(partition, offset.to_be_bytes())
}

/// Returns the key of a user's state: partition, user.
pub(super) fn user_key(partition: PartitionId, user_id: UserId) -> [u8; KEY_LENGTH] {
    // The sign bit is flipped, so that negative ids, were there any, come first.
    joined(partition, (user_id.0 ^ i64::MIN).to_be_bytes())
}

/// Returns what all keys of a partition begin with.
pub(super) fn partition_prefix(partition: PartitionId) -> [u8; 2] {
    partition.0.to_be_bytes()
}

/// Reads the offset out of a record's key.
pub(super) fn offset_of(key: &[u8]) -> Option<Offset> {
    last_eight(key).map(Offset::from_be_bytes)
}

/// Reads the user out of a state's key.
pub(super) fn user_of(key: &[u8]) -> Option<UserId> {
    last_eight(key).map(|bytes| UserId(i64::from_be_bytes(bytes) ^ i64::MIN))
}

fn joined(partition: PartitionId, rest: [u8; 8]) -> [u8; KEY_LENGTH] {
    let mut key = [0; KEY_LENGTH];
    key[..2].copy_from_slice(&partition.0.to_be_bytes());
    key[2..].copy_from_slice(&rest);
    key
}

fn last_eight(key: &[u8]) -> Option<[u8; 8]> {
    if key.len() == KEY_LENGTH { key[2..].try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_what_they_stand_for_and_can_be_read_back() {
        let partition = PartitionId(3);
        assert!(record_key(partition, 255) < record_key(partition, 256));
        assert!(record_key(partition, u64::MAX) < record_key(PartitionId(4), 0));
        assert!(user_key(partition, UserId(-1)) < user_key(partition, UserId(1)));
        assert_eq!(offset_of(&record_key(partition, 77)), Some(77));
        assert_eq!(user_of(&user_key(partition, UserId(104_010))), Some(UserId(104_010)));
        assert_eq!(offset_of(b"short"), None);
    }
}
