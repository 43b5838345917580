//! Which memberships of a user changed at one instant, and the change that is published for it.

use std::collections::BTreeMap;

use schema::{Cause, SegmentChange, SegmentId, SegmentVersion, Timestamp, UserId};

use super::User;
use crate::Catalog;
use crate::bits;
use crate::catalog::RuleIndex;

/// The segments entered and left at one instant; the user has them already.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flips {
    /// Ascending.
    pub(crate) entered: Vec<SegmentId>,
    /// Ascending.
    pub(crate) left: Vec<SegmentId>,
    /// By which version each of them was decided.
    pub(crate) versions: BTreeMap<SegmentId, SegmentVersion>,
}

impl Flips {
    /// Makes them of the rules that changed and those whose member the user is now, as words of bits.
    pub(super) fn of(catalog: &Catalog, changed: &[u64], members: &[u64]) -> Self {
        let (mut entering, mut leaving) = (0, 0);
        for (changed, members) in changed.iter().zip(members) {
            entering += (changed & members).count_ones() as usize;
            leaving += (changed & !members).count_ones() as usize;
        }
        let mut flips = Self {
            entered: Vec::with_capacity(entering),
            left: Vec::with_capacity(leaving),
            versions: BTreeMap::new(),
        };
        for rule in bits::iter(changed) {
            flips.add(catalog.segment_of(rule), bits::is_set(members, rule));
        }
        flips
    }

    pub(super) fn add(&mut self, (segment_id, version): (SegmentId, SegmentVersion), entered: bool) {
        let list = if entered { &mut self.entered } else { &mut self.left };
        list.push(segment_id);
        self.versions.insert(segment_id, version);
    }

    /// Adds segments that are no more, each with the version that it had last.
    pub(crate) fn leave_removed(&mut self, removed: Vec<(SegmentId, SegmentVersion)>) {
        self.left.extend(removed.iter().map(|(segment_id, _)| *segment_id));
        self.left.sort_unstable();
        self.versions.extend(removed);
    }
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
        let Flips { entered, left, versions } = flips;
        if versions.is_empty() {
            return None;
        }
        self.seq += 1;
        Some(SegmentChange {
            user_id,
            definition_versions: versions,
            in_segments: entered,
            out_segments: left,
            segments: self.segments(catalog),
            seq: self.seq,
            cause,
            evaluated_at: at,
        })
    }

    /// Takes the user out of every segment, and returns of which.
    pub(crate) fn leave_all(&mut self, catalog: &Catalog) -> Flips {
        let mut flips = Flips::default();
        bits::iter(self.members(catalog)).for_each(|rule| flips.add(catalog.segment_of(rule), false));
        self.members_mut(catalog).fill(0);
        flips
    }

    /// Returns the segments the user is in, ascending.
    pub(crate) fn segments(&self, catalog: &Catalog) -> Vec<SegmentId> {
        let members = self.members(catalog);
        let count = members.iter().map(|word| word.count_ones() as usize).sum();
        let mut segments = Vec::with_capacity(count);
        for (word, members) in members.iter().enumerate() {
            bits::of_word(word, *members).for_each(|rule: RuleIndex| segments.push(catalog.segment_of(rule).0));
        }
        segments
    }
}
