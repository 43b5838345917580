//! What is kept of a user.

use schema::{SegmentId, Timestamp};

use super::fold::Kept;
use super::{DuplicateMemory, Flips, Said};
use crate::bits;
use crate::catalog::{Bit, Catalog, Profiles, RuleIndex};

/// The deadline of a user whom time alone does not change.
pub(super) const NO_DEADLINE: Timestamp = Timestamp::from_micros(i64::MAX);

/// A user that has events.
#[derive(Debug)]
pub(crate) struct User {
    /// How many changes were published.
    pub(crate) seq: u64,
    /// Memberships were decided at this instant; time alone has flipped none since.
    pub(crate) decided_at: Timestamp,
    /// Never later than the next change, sometimes earlier.
    deadline: Timestamp,
    /// By rule of the live catalog: whether the user is a member.
    pub(crate) members: Box<[u64]>,
    /// By condition of the live catalog: whether it holds, as far as the profile watches it.
    pub(super) set: Box<[u64]>,
    /// Which conditions are watched; `None` when none was looked at yet.
    pub(super) profile: Option<u32>,
    pub(crate) duplicates: DuplicateMemory,
    /// What was said of the user; `None` is nothing.
    pub(crate) said: Option<Box<Said>>,
    /// Of the live catalog.
    pub(crate) kept: Kept,
    /// Of the catalog being absorbed: what the live one does not keep.
    pub(crate) absorbing: Option<Box<Kept>>,
    /// Whether it changed since it was last stored.
    pub(crate) is_dirty: bool,
}

/// What deciding about a user needs besides the user.
pub(crate) struct Deciding<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) profiles: &'a mut Profiles,
    pub(crate) scratch: &'a mut Scratch,
}

/// Lists that are made once and used for every event.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Conditions that changed.
    pub(super) flipped: Vec<Bit>,
    /// Aggregates that an event was folded into, or time moved.
    pub(super) touched: Vec<crate::catalog::Slot>,
    /// Comparisons of latest times that may have changed.
    pub(super) orders: Vec<Bit>,
    /// Rules to decide, as bits.
    pub(super) candidates: Vec<u64>,
}

impl User {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        Self {
            seq: 0,
            decided_at: Timestamp::default(),
            deadline: NO_DEADLINE,
            members: bits::none(catalog.rules().len()),
            set: bits::none(catalog.condition_count()),
            profile: None,
            duplicates: DuplicateMemory::default(),
            said: None,
            kept: Kept::default(),
            absorbing: None,
            is_dirty: false,
        }
    }

    /// Returns when to look at the user again if no event comes.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        Some(self.deadline).filter(|deadline| *deadline != NO_DEADLINE)
    }

    pub(super) fn set_deadline(&mut self, deadline: Option<Timestamp>) {
        self.deadline = deadline.unwrap_or(NO_DEADLINE);
    }

    /// Looks at the user earlier, if that is earlier.
    pub(super) fn hurry(&mut self, deadline: Timestamp) {
        self.deadline = self.deadline.min(deadline);
    }

    /// Returns whether something was said of the user, and no event has come yet.
    pub(crate) fn is_alone(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.is_alone)
    }

    /// Notes that there is an event.
    pub(crate) fn is_seen(&mut self) {
        if let Some(said) = &mut self.said {
            said.is_alone = false;
        }
    }

    /// Returns the segments the user is in, ascending.
    pub(crate) fn segments(&self, catalog: &Catalog) -> Vec<SegmentId> {
        bits::iter(&self.members).map(|rule| catalog.segment_of(rule).0).collect()
    }

    /// Makes the user a member of exactly these segments, as far as the catalog has them.
    pub(crate) fn set_members(&mut self, catalog: &Catalog, segments: &[SegmentId]) {
        self.members = bits::none(catalog.rules().len());
        let rules = segments.iter().filter_map(|segment_id| catalog.rule_index_of(*segment_id));
        rules.for_each(|rule: RuleIndex| bits::set(&mut self.members, rule));
    }

    /// Takes the user out of every segment, and returns of which.
    pub(crate) fn leave_all(&mut self, catalog: &Catalog) -> Flips {
        let left = self.segments(catalog);
        self.members.fill(0);
        Flips { entered: Vec::new(), left }
    }
}
