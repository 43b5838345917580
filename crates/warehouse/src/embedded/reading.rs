//! Reading pages of rows; a cursor is the key of the last row that was looked at.

use fjall::{Guard, Readable as _};
use schema::{LogPosition, Offset, PartitionId, StandingTraits, UserId};

use super::failure::{damaged, from_fjall};
use super::keys::{ROW_KEY_LENGTH, offset_of, partition_prefix, user_id_of, user_of, user_prefix};
use super::keyspaces::{Keyspaces, standing};
use crate::{HistoryCursor, HistoryPage, HistoryRow, PartitionTraits, WarehouseError};

/// A page ends early when it has this many bytes: memory of a reader is bounded whatever it asks for.
const PAGE_BYTES: usize = 8 * 1_024 * 1_024;

/// A page ends early when it has passed over this many rows that are not wanted.
const PAGE_SKIPS: usize = 65_536;

/// Reads rows of a partition with log offset below `before`, by user and time.
pub(super) fn history(
    keyspaces: &Keyspaces,
    partition: PartitionId,
    before: Offset,
    cursor: Option<HistoryCursor>,
    max_rows: usize,
) -> Result<HistoryPage, WarehouseError> {
    let prefix = partition_prefix(partition);
    let (first, last) = bounds(&prefix);
    // A key with a byte more is the first one after the cursor's.
    let from = match cursor {
        Some(cursor) => [checked(cursor, &prefix)?.as_slice(), &[0]].concat(),
        None => first,
    };
    page(keyspaces, keyspaces.rows.range(from..=last), partition, before, max_rows)
}

/// Reads a user's rows, the latest first.
pub(super) fn user_events(
    keyspaces: &Keyspaces,
    partition: PartitionId,
    user_id: UserId,
    cursor: Option<HistoryCursor>,
    max_rows: usize,
) -> Result<HistoryPage, WarehouseError> {
    let prefix = user_prefix(partition, user_id);
    let (first, mut end) = bounds(&prefix);
    match cursor {
        Some(cursor) => end = checked(cursor, &prefix)?,
        // Behind every key of the user.
        None => end.push(0),
    }
    page(keyspaces, keyspaces.rows.range(first..end).rev(), partition, Offset::MAX, max_rows)
}

/// Reads what was said of a partition's users, and up to where that is, at one instant.
pub(super) fn partition_traits(
    keyspaces: &Keyspaces,
    partition: PartitionId,
) -> Result<PartitionTraits, WarehouseError> {
    let snapshot = keyspaces.database.snapshot();
    let before = keyspaces.position_in(&snapshot, partition)?.next;
    let mut users = Vec::new();
    for entry in snapshot.prefix(&keyspaces.traits, partition_prefix(partition)) {
        let (key, value) = entry.into_inner().map_err(from_fjall)?;
        if !snapshot.contains_key(&keyspaces.deleted, &key).map_err(from_fjall)? {
            let user_id = user_id_of(&key).ok_or_else(|| damaged("a user's key is short"))?;
            users.push((user_id, standing(&value)?));
        }
    }
    Ok(PartitionTraits { before, users })
}

/// Reads what was said of at most `max_users` of a partition's users behind `after`.
pub(super) fn traits_page(
    keyspaces: &Keyspaces,
    partition: PartitionId,
    after: Option<UserId>,
    max_users: usize,
) -> Result<Vec<(UserId, StandingTraits)>, WarehouseError> {
    let snapshot = keyspaces.database.snapshot();
    let prefix = partition_prefix(partition);
    let from = after.map_or_else(|| prefix.to_vec(), |after| [&user_prefix(partition, after)[..], &[0]].concat());
    let mut users = Vec::new();
    for entry in snapshot.range(&keyspaces.traits, from..=bounds(&prefix).1) {
        if users.len() == max_users {
            break;
        }
        let (key, value) = entry.into_inner().map_err(from_fjall)?;
        if !snapshot.contains_key(&keyspaces.deleted, &key).map_err(from_fjall)? {
            let user_id = user_id_of(&key).ok_or_else(|| damaged("a user's key is short"))?;
            users.push((user_id, standing(&value)?));
        }
    }
    Ok(users)
}

fn bounds(prefix: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let padded = |byte: u8| {
        let mut key = prefix.to_vec();
        key.resize(ROW_KEY_LENGTH, byte);
        key
    };
    (padded(0), padded(0xff))
}

fn checked(cursor: HistoryCursor, prefix: &[u8]) -> Result<Vec<u8>, WarehouseError> {
    if cursor.0.len() == ROW_KEY_LENGTH && cursor.0.starts_with(prefix) {
        Ok(cursor.0)
    } else {
        Err(damaged("the cursor belongs to another reading"))
    }
}

fn page(
    keyspaces: &Keyspaces,
    entries: impl Iterator<Item = Guard>,
    partition: PartitionId,
    before: Offset,
    max_rows: usize,
) -> Result<HistoryPage, WarehouseError> {
    let mut rows = Vec::new();
    let (mut size, mut skips) = (0, 0);
    let mut last_user = None;
    for entry in entries {
        let (key, value) = entry.into_inner().map_err(from_fjall)?;
        let offset = offset_of(&key).ok_or_else(|| damaged("a row's key has another length"))?;
        let user = user_of(&key).copied().ok_or_else(|| damaged("a row's key is short"))?;
        let deleted = match last_user {
            Some((last, deleted)) if last == user => deleted,
            _ => keyspaces.is_deleted(&user)?,
        };
        last_user = Some((user, deleted));
        if offset < before && !deleted {
            let event = serde_json::from_slice(&value).map_err(|error| damaged(&format!("row {offset}: {error}")))?;
            rows.push(HistoryRow { position: LogPosition { partition, offset }, event });
            size += value.len();
        } else {
            skips += 1;
        }
        if rows.len() >= max_rows || size >= PAGE_BYTES || skips >= PAGE_SKIPS {
            return Ok(HistoryPage { rows, next: Some(HistoryCursor(key.to_vec())) });
        }
    }
    Ok(HistoryPage { rows, next: None })
}
