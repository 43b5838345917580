//! A user's state as bytes: what a partition's state commit holds.
//!
//! One byte of format version, then postcard. Series and aggregates are named by their keys and not by
//! their place in a catalog, so the bytes outlive it; equal states have equal bytes.
//!
//! Formats 1 and 2 had no series: each window of each filter was an aggregate of its own. They are still
//! read; 2 is 1 with retained events.

use rules::AggregateKey;
use schema::{EventId, SegmentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Catalog;
use crate::catalog::{SeriesIndex, Slot};
use crate::engine::UserRecord;
use crate::state::AggregateState;
use crate::user::{self, Kept, Said, SeriesState, Slab, Slots, User, unpacked};

/// Counted up with every change of the bytes; older ones stay readable.
///
/// 4 holds what was said of the user behind what 3 held.
const FORMAT_VERSION: u8 = 4;
/// The last format without what was said.
const WITHOUT_SAID: u8 = 3;
/// The last format without series.
const WITHOUT_SERIES: u8 = 2;

/// State that cannot be read: another format, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("user state: {0}")]
pub struct DecodeError(pub String);

/// The order of variants and fields is the format.
#[derive(Serialize, Deserialize)]
enum Stored<Duplicates, Series, Aggregates, WhatWasSaid> {
    Present {
        seq: u64,
        members: Vec<SegmentId>,
        decided_at: Timestamp,
        duplicates: Duplicates,
        /// Ascending by key.
        series: Series,
        /// Ascending by key.
        aggregates: Aggregates,
        said: WhatWasSaid,
    },
    Erased,
}

/// When in log time an event was counted, ascending, and which.
type Counted = Vec<(Timestamp, EventId)>;

type StoredToWrite<'a> =
    Stored<Counted, Vec<(AggregateKey, SeriesState)>, Vec<(AggregateKey, &'a AggregateState)>, Option<&'a Said>>;
type StoredToRead<WhatWasSaid = Option<Box<Said>>> =
    Stored<Counted, Vec<(AggregateKey, SeriesState)>, Vec<(AggregateKey, AggregateState)>, WhatWasSaid>;

/// Takes no byte.
#[derive(Deserialize)]
struct NothingSaid;

/// What formats without series held.
#[derive(Deserialize)]
enum StoredWithoutSeries {
    Present {
        seq: u64,
        members: Vec<SegmentId>,
        decided_at: Timestamp,
        duplicates: Counted,
        aggregates: Vec<(AggregateKey, AggregateState)>,
    },
    Erased,
}

/// Writes a user of `catalog`; none is one who was erased.
pub(crate) fn encode(user: Option<&User>, catalog: &Catalog) -> Vec<u8> {
    let stored: StoredToWrite<'_> = match user {
        None => Stored::Erased,
        Some(user) => Stored::Present {
            seq: user.seq,
            members: user.segments(catalog),
            decided_at: user.decided_at,
            duplicates: user.counted(catalog),
            series: series_by_key(user.slab(), user.decided_at, catalog),
            aggregates: slots_by_key(user.slots(), catalog),
            said: user.said(),
        },
    };
    // Writing into memory has no way to fail.
    postcard::to_extend(&stored, vec![FORMAT_VERSION]).unwrap_or_default()
}

fn series_by_key(slab: &Slab, now: Timestamp, catalog: &Catalog) -> Vec<(AggregateKey, SeriesState)> {
    let states = unpacked(slab, catalog, now).into_iter().filter(|(_, state)| !state.is_empty());
    let mut states: Vec<_> = states.map(|(index, state)| (catalog.series(index).key, state)).collect();
    states.sort_unstable_by_key(|(key, _)| *key);
    states
}

fn slots_by_key<'a>(slots: &'a Slots, catalog: &Catalog) -> Vec<(AggregateKey, &'a AggregateState)> {
    let mut aggregates: Vec<_> = slots.iter().map(|(slot, state)| (catalog.aggregate(slot).key, state)).collect();
    aggregates.sort_unstable_by_key(|(key, _)| *key);
    aggregates
}

/// Reads a user that was written under the same definitions. Its conditions are not looked at yet.
pub(crate) fn decode(bytes: &[u8], catalog: &Catalog) -> Result<UserRecord, DecodeError> {
    let (version, body) = versioned(bytes)?;
    let stored = match version {
        ..=WITHOUT_SERIES => whole::<StoredWithoutSeries>(body)?.with_series(catalog),
        WITHOUT_SAID => whole::<StoredToRead<NothingSaid>>(body)?.with_said(),
        _ => whole::<StoredToRead>(body)?,
    };
    let Stored::Present { seq, members, decided_at, duplicates, series, aggregates, said } = stored else {
        return Ok(UserRecord::Erased);
    };
    let slots = aggregates.into_iter().map(|(key, state)| placed(key, state, catalog)).collect::<Result<Slots, _>>()?;
    let kept = Kept { slab: packed(series, catalog)?, slots };
    let mut user = User::new(catalog);
    (user.seq, user.decided_at) = (seq, decided_at);
    user.move_to(catalog, catalog, kept);
    user.remember(catalog, &duplicates);
    user.set_said(said);
    user.set_members(catalog, &members);
    Ok(UserRecord::Present(user))
}

/// Returns which format some state has, one that this build reads, and what follows.
fn versioned(bytes: &[u8]) -> Result<(u8, &[u8]), DecodeError> {
    match bytes.split_first() {
        Some((version @ 1..=FORMAT_VERSION, body)) => Ok((*version, body)),
        Some((version, _)) => {
            Err(DecodeError(format!("has format {version}, this build reads up to {FORMAT_VERSION}")))
        }
        None => Err(DecodeError("is empty".to_owned())),
    }
}

fn damaged(error: postcard::Error) -> DecodeError {
    DecodeError(format!("is damaged: {error}"))
}

/// What any format begins with.
#[derive(Deserialize)]
enum Head {
    Present { seq: u64 },
    Erased,
}

/// Reads the `seq` of the last change of a user whose state this is, without its definitions; `None` of one
/// who was erased, of whom there are no more changes.
pub fn last_seq(bytes: &[u8]) -> Result<Option<u64>, DecodeError> {
    let (_, body) = versioned(bytes)?;
    let (head, _) = postcard::take_from_bytes(body).map_err(damaged)?;
    Ok(match head {
        Head::Present { seq } => Some(seq),
        Head::Erased => None,
    })
}

impl StoredToRead<NothingSaid> {
    fn with_said(self) -> StoredToRead {
        match self {
            Self::Present { seq, members, decided_at, duplicates, series, aggregates, said: NothingSaid } => {
                Stored::Present { seq, members, decided_at, duplicates, series, aggregates, said: None }
            }
            Self::Erased => Stored::Erased,
        }
    }
}

fn whole<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    let (stored, rest) = postcard::take_from_bytes(body).map_err(damaged)?;
    if rest.is_empty() { Ok(stored) } else { Err(DecodeError(format!("has {} bytes too many", rest.len()))) }
}

fn placed(key: AggregateKey, state: AggregateState, catalog: &Catalog) -> Result<(Slot, AggregateState), DecodeError> {
    let slot = catalog.slot_of(key).filter(|slot| state.is_of(&catalog.aggregate(*slot).keeping));
    Ok((slot.ok_or_else(|| foreign(key))?, state))
}

fn packed(states: Vec<(AggregateKey, SeriesState)>, catalog: &Catalog) -> Result<Slab, DecodeError> {
    let placed =
        states.into_iter().map(|(key, state)| Ok((catalog.series_of(key).ok_or_else(|| foreign(key))?, state)));
    let placed: Vec<(SeriesIndex, SeriesState)> = placed.collect::<Result<_, _>>()?;
    user::packed(placed, catalog).map_err(|index| foreign(catalog.series(index).key))
}

fn foreign(key: AggregateKey) -> DecodeError {
    DecodeError(format!("has the aggregate {:032x}, the catalog has not", key.0))
}

impl StoredWithoutSeries {
    /// Finds in the aggregates what the series in their place hold now. An aggregate that is read by
    /// itself as well stays; one of which the catalog knows neither is left for [`placed`] to refuse.
    fn with_series(self, catalog: &Catalog) -> StoredToRead {
        let Self::Present { seq, members, decided_at, duplicates, aggregates } = self else { return Stored::Erased };
        let mut series = std::collections::BTreeMap::<AggregateKey, SeriesState>::new();
        let mut own = Vec::new();
        for (key, state) in aggregates {
            let place = catalog.series_in_place_of(key).map(|index| catalog.series(index));
            let in_series = place.and_then(|place| Some((place.key, state.in_series()?)));
            let is_read_as_before = catalog.slot_of(key).is_some();
            if let Some((series_key, state)) = in_series.clone() {
                let joined = match series.remove(&series_key) {
                    Some(known) => known.joined(state),
                    None => state,
                };
                series.insert(series_key, joined);
            }
            if is_read_as_before || (in_series.is_none() && !catalog.is_always_true(key)) {
                own.push((key, state));
            }
        }
        let series = series.into_iter().collect();
        Stored::Present { seq, members, decided_at, duplicates, series, aggregates: own, said: None }
    }
}
