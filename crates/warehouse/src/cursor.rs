//! Where readings of a history go on, for the forms that read by offset and by time.

use std::cmp::Reverse;

use schema::{Offset, PartitionId, Timestamp, UserId};

use crate::{HistoryCursor, WarehouseError};

/// Where a way through a partition stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) partition: PartitionId,
    pub(crate) before: Offset,
    pub(crate) next: Offset,
}

impl Place {
    const LENGTH: usize = 2 + 8 + 8;

    pub(crate) fn cursor(self) -> HistoryCursor {
        let Self { partition, before, next } = self;
        let mut bytes = partition.0.to_be_bytes().to_vec();
        bytes.extend(before.to_be_bytes());
        bytes.extend(next.to_be_bytes());
        HistoryCursor(bytes)
    }

    /// Reads a cursor of this very reading.
    pub(crate) fn of(cursor: &HistoryCursor, partition: PartitionId, before: Offset) -> Result<Self, WarehouseError> {
        let bytes: &[u8; Self::LENGTH] = cursor.0.as_slice().try_into().map_err(|_| elsewhere())?;
        let (_, next) = bytes.split_last_chunk::<8>().ok_or_else(elsewhere)?;
        let place = Self { partition, before, next: Offset::from_be_bytes(*next) };
        if place.cursor() == *cursor { Ok(place) } else { Err(elsewhere()) }
    }
}

/// Where a row stands in a timeline: the latest `created_at` first, of one instant the later record.
pub(crate) type Rank = Reverse<(Timestamp, Offset)>;

/// Returns the cursor behind a row of a user's timeline.
pub(crate) fn cursor_at(user_id: UserId, Reverse((created_at, offset)): Rank) -> HistoryCursor {
    HistoryCursor([user_id.0.to_be_bytes(), created_at.as_micros().to_be_bytes(), offset.to_be_bytes()].concat())
}

/// Reads a cursor of this very user's timeline.
pub(crate) fn rank_of(cursor: &HistoryCursor, user_id: UserId) -> Result<Rank, WarehouseError> {
    let bytes: &[u8; 24] = cursor.0.as_slice().try_into().map_err(|_| elsewhere())?;
    let (time, offset) = bytes[8..].split_first_chunk::<8>().ok_or_else(elsewhere)?;
    let offset: &[u8; 8] = offset.try_into().map_err(|_| elsewhere())?;
    let created_at = Timestamp::from_micros(i64::from_be_bytes(*time));
    let rank = Reverse((created_at, Offset::from_be_bytes(*offset)));
    if cursor_at(user_id, rank) == *cursor { Ok(rank) } else { Err(elsewhere()) }
}

fn elsewhere() -> WarehouseError {
    WarehouseError::Damaged("the cursor belongs to another reading".to_owned())
}
