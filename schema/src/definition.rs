//! The set of live segment definitions, as it travels from config-api to the segmenter.

use serde::{Deserialize, Serialize};

use crate::{SegmentId, SegmentTag, SegmentVersion};

/// Counts the catalogs: every change of any definition makes the next one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

/// The immutable version of a segment that is to be evaluated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentDefinition {
    /// Which segment.
    pub segment_id: SegmentId,
    /// Its stable name.
    pub tag: SegmentTag,
    /// Which version of it.
    pub version: SegmentVersion,
    /// The where clause as the analyst wrote it; it compiled when it was saved.
    pub where_statement: String,
}

/// Every definition that is live in one generation, ascending by segment id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Definitions {
    /// Which catalog this is.
    pub generation: Generation,
    /// The definitions.
    pub segments: Vec<SegmentDefinition>,
}
