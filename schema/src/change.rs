//! What subscribers are told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{EventId, Generation, SegmentId, SegmentVersion, Timestamp, UserId};

/// What made a membership change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cause {
    /// An event arrived.
    Event {
        /// Which one.
        event_id: EventId,
    },
    /// Time passed: a window slid over an event, with no event at all.
    Time,
    /// A segment was created, edited or deleted.
    Definition {
        /// The catalog that was switched to.
        generation: Generation,
    },
    /// The user was erased.
    Deletion,
}

impl Cause {
    /// Returns the label used on the wire and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::Time => "time",
            Self::Definition { .. } => "definition",
            Self::Deletion => "deletion",
        }
    }
}

/// One user entered or left segments: a record of the topic `segment-changes`.
///
/// Per user they are in order, and `seq` counts them from 1 without a gap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentChange {
    /// Whose memberships changed.
    pub user_id: UserId,
    /// Entered with this change, ascending.
    pub in_segments: Vec<SegmentId>,
    /// Left with this change, ascending.
    pub out_segments: Vec<SegmentId>,
    /// All segments the user is in after this change, ascending.
    pub segments: Vec<SegmentId>,
    /// Which change of the user it is, from 1.
    pub seq: u64,
    /// What made it.
    pub cause: Cause,
    /// The version by which each entered or left segment was decided.
    pub definition_versions: BTreeMap<SegmentId, SegmentVersion>,
    /// The instant at which it became true.
    pub evaluated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_exactly_the_keys_subscribers_rely_on() {
        let change = SegmentChange {
            user_id: UserId(1),
            in_segments: vec![SegmentId(2), SegmentId(3)],
            out_segments: vec![SegmentId(1)],
            segments: vec![SegmentId(2), SegmentId(3), SegmentId(7)],
            seq: 12,
            cause: Cause::Time,
            definition_versions: BTreeMap::from([
                (SegmentId(1), SegmentVersion(1)),
                (SegmentId(2), SegmentVersion(4)),
                (SegmentId(3), SegmentVersion(1)),
            ]),
            evaluated_at: Timestamp::parse("2026-01-01T00:00:00.000001Z").unwrap(),
        };
        let json = serde_json::to_string(&change).unwrap();
        assert_eq!(
            json,
            r#"{"user_id":1,"in_segments":[2,3],"out_segments":[1],"segments":[2,3,7],"seq":12,"cause":{"type":"time"},"definition_versions":{"1":1,"2":4,"3":1},"evaluated_at":"2026-01-01T00:00:00.000001Z"}"#
        );
        assert_eq!(serde_json::from_str::<SegmentChange>(&json).unwrap(), change);
    }
}
