//! A user's state as bytes: what a partition's state commit holds.
//!
//! One byte of format version, then postcard. Aggregates are named by their keys and not by their
//! place in a catalog, so the bytes outlive it; equal states have equal bytes.

use rules::AggregateKey;
use schema::{SegmentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Catalog;
use crate::engine::UserRecord;
use crate::state::AggregateState;
use crate::user::{DuplicateMemory, Slots, User};

/// Counted up with every change of the bytes; older ones stay readable.
///
/// 2 may hold retained events; what 1 could hold has the same bytes behind the version.
const FORMAT_VERSION: u8 = 2;
const READABLE_VERSIONS: std::ops::RangeInclusive<u8> = 1..=FORMAT_VERSION;

/// State that cannot be read: another format, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("user state: {0}")]
pub struct DecodeError(pub String);

/// The order of variants and fields is the format.
#[derive(Serialize, Deserialize)]
enum Stored<Duplicates, Aggregates> {
    Present {
        seq: u64,
        members: Vec<SegmentId>,
        decided_at: Timestamp,
        duplicates: Duplicates,
        /// Ascending by key.
        aggregates: Aggregates,
    },
    Erased,
}

type StoredToWrite<'a> = Stored<&'a DuplicateMemory, Vec<(AggregateKey, &'a AggregateState)>>;
type StoredToRead = Stored<DuplicateMemory, Vec<(AggregateKey, AggregateState)>>;

/// Writes a user of `catalog`.
pub(crate) fn encode(record: &UserRecord, catalog: &Catalog) -> Vec<u8> {
    let stored: StoredToWrite<'_> = match record {
        UserRecord::Erased => Stored::Erased,
        UserRecord::Present(user) => Stored::Present {
            seq: user.seq,
            members: user.members.clone(),
            decided_at: user.decided_at,
            duplicates: &user.duplicates,
            aggregates: by_key(&user.slots, catalog),
        },
    };
    // Writing into memory has no way to fail.
    postcard::to_extend(&stored, vec![FORMAT_VERSION]).unwrap_or_default()
}

fn by_key<'a>(slots: &'a Slots, catalog: &Catalog) -> Vec<(AggregateKey, &'a AggregateState)> {
    let mut aggregates: Vec<_> = slots.iter().map(|(slot, state)| (catalog.aggregate(slot).key, state)).collect();
    aggregates.sort_unstable_by_key(|(key, _)| *key);
    aggregates
}

/// Reads a user that was written under the same definitions.
pub(crate) fn decode(bytes: &[u8], catalog: &Catalog) -> Result<UserRecord, DecodeError> {
    let (version, body) = bytes.split_first().ok_or_else(|| DecodeError("is empty".to_owned()))?;
    if !READABLE_VERSIONS.contains(version) {
        return Err(DecodeError(format!("has format {version}, this build reads up to {FORMAT_VERSION}")));
    }
    let (stored, rest) = postcard::take_from_bytes::<StoredToRead>(body).map_err(damaged)?;
    if !rest.is_empty() {
        return Err(DecodeError(format!("has {} bytes too many", rest.len())));
    }
    let Stored::Present { seq, members, decided_at, duplicates, aggregates } = stored else {
        return Ok(UserRecord::Erased);
    };
    let slots = aggregates.into_iter().map(|(key, state)| placed(key, state, catalog)).collect::<Result<Slots, _>>()?;
    Ok(UserRecord::Present(User { seq, members, decided_at, duplicates, slots, ..User::default() }))
}

fn damaged(error: postcard::Error) -> DecodeError {
    DecodeError(format!("is damaged: {error}"))
}

fn placed(key: AggregateKey, state: AggregateState, catalog: &Catalog) -> Result<(u32, AggregateState), DecodeError> {
    let slot = catalog.slot_of(key).filter(|slot| state.is_of(&catalog.aggregate(*slot).keeping));
    let slot = slot.ok_or_else(|| DecodeError(format!("has the aggregate {:032x}, the catalog has not", key.0)))?;
    Ok((slot, state))
}
