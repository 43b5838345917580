//! How far the owner of a partition is: what `as_of`, lag and backfill progress are made of.
//!
//! Owners of one release and readers of another talk for as long as an upgrade takes. A status is read if it says
//! where its partition is; whatever else it says in a way that is not understood counts as not said.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::{Generation, Offset, PartitionId, Timestamp};

/// What the owner of a partition says of itself, several times a second.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// Which partition.
    pub partition: PartitionId,
    /// Memberships are exact up to this instant, and every change up to it is published.
    pub as_of: Timestamp,
    /// The first record of `events` that is not in the state yet.
    pub next_offset: Offset,
    /// The first offset of `segment-changes` in this partition that is not written yet.
    pub changes_end: Offset,
    /// The catalog by which the memberships are decided.
    pub generation: Generation,
    /// The catalog whose history is being absorbed, if one is.
    #[serde(default)]
    pub absorbing: Option<Generation>,
    /// The reading of history that is under way, or was the last one of this owner.
    #[serde(default, deserialize_with = "if_understood")]
    pub backfill: Option<BackfillRun>,
    /// The reading of history that was given up, until definitions take over that are as new.
    #[serde(default, deserialize_with = "if_understood")]
    pub failure: Option<BackfillFailure>,
    /// Users with state in this partition.
    #[serde(default)]
    pub users: u64,
}

/// A partition's way through the history that newer definitions need, or needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BackfillRun {
    /// The catalog that decides meanwhile.
    pub from: Generation,
    /// The catalog that takes over at its end: every version between the two is on this way.
    pub to: Generation,
    /// Rows of history absorbed so far.
    pub absorbed_rows: u64,
    /// Rows of history there are, about, until all are absorbed: then exactly those; `None` while that is not known.
    pub total_rows: Option<u64>,
    /// How fast rows were absorbed of late; `None` while nothing is absorbed, or not long enough to tell.
    pub rows_per_second: Option<u64>,
}

/// Why a partition cannot go over to newer definitions; it is tried again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BackfillFailure {
    /// The catalog that was to take over.
    pub to: Generation,
    /// What is wrong with the history, for people.
    pub reason: String,
}

/// Reads a value that nothing depends on; `None` if it is not what this release calls by that name.
fn if_understood<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let said = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(said.get()).unwrap_or_default())
}
