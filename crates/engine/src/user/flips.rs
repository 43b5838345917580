//! Which memberships of a user changed at one instant, and the change that is published for it.

use std::collections::BTreeMap;

use schema::{Cause, SegmentChange, SegmentId, SegmentVersion, Timestamp, UserId};

use super::User;
use crate::Catalog;

/// The segments entered and left at one instant, each ascending; the user has them already.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flips {
    pub(crate) entered: Vec<SegmentId>,
    pub(crate) left: Vec<SegmentId>,
}

impl User {
    /// Counts a change and makes what is published of it.
    ///
    /// Returns nothing when nothing flipped: then nothing is published either.
    pub(crate) fn publish(
        &mut self,
        user_id: UserId,
        catalog: &Catalog,
        flips: Flips,
        cause: Cause,
        at: Timestamp,
    ) -> Option<SegmentChange> {
        let version_of = |segment_id| Some(catalog.rule_of(segment_id)?.definition.version);
        self.publish_of(user_id, catalog, flips, cause, at, version_of)
    }

    /// Does the same for a change in which segments are named that are not in the catalog.
    pub(crate) fn publish_of(
        &mut self,
        user_id: UserId,
        catalog: &Catalog,
        flips: Flips,
        cause: Cause,
        at: Timestamp,
        version_of: impl Fn(SegmentId) -> Option<SegmentVersion>,
    ) -> Option<SegmentChange> {
        let Flips { entered, left } = flips;
        if entered.is_empty() && left.is_empty() {
            return None;
        }
        self.seq += 1;
        let versions = entered.iter().chain(&left).filter_map(|id| Some((*id, version_of(*id)?)));
        Some(SegmentChange {
            user_id,
            definition_versions: versions.collect::<BTreeMap<_, _>>(),
            in_segments: entered,
            out_segments: left,
            segments: self.segments(catalog),
            seq: self.seq,
            cause,
            evaluated_at: at,
        })
    }
}
