//! Which memberships of a user changed at one instant, and the change that is published for it.

use std::collections::BTreeMap;

use schema::{Cause, SegmentChange, SegmentId, SegmentVersion, Timestamp, UserId};

use super::User;

/// The segments entered and left at one instant, each ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flips {
    pub(crate) entered: Vec<SegmentId>,
    pub(crate) left: Vec<SegmentId>,
}

impl User {
    /// Carries flips out: the user's memberships are changed, and the change counted.
    ///
    /// Returns nothing when nothing flipped: then nothing is published either.
    pub(crate) fn publish(
        &mut self,
        user_id: UserId,
        flips: Flips,
        cause: Cause,
        at: Timestamp,
        version_of: impl Fn(SegmentId) -> Option<SegmentVersion>,
    ) -> Option<SegmentChange> {
        let Flips { entered, left } = flips;
        if entered.is_empty() && left.is_empty() {
            return None;
        }
        self.members.retain(|member| left.binary_search(member).is_err());
        self.members.extend(&entered);
        self.members.sort_unstable();
        self.seq += 1;
        let versions = entered.iter().chain(&left).filter_map(|id| Some((*id, version_of(*id)?)));
        Some(SegmentChange {
            user_id,
            definition_versions: versions.collect::<BTreeMap<_, _>>(),
            in_segments: entered,
            out_segments: left,
            segments: self.members.clone(),
            seq: self.seq,
            cause,
            evaluated_at: at,
        })
    }
}
