//! What is kept of a user.

use schema::{EventId, SegmentId, Timestamp};

use super::fold::Kept;
use super::{Besides, DuplicateMemory, Said, Slab, Slots};
use crate::bits;
use crate::catalog::{Bit, Catalog, Profiles, RuleIndex};
use crate::prefetch::prefetch_slice;

/// The deadline of a user whom time alone does not change.
pub(super) const NO_DEADLINE: Timestamp = Timestamp::from_micros(i64::MAX);

/// How many lines of the processor's cache of a user's bits are fetched ahead.
const BITS_AHEAD: usize = 4;

/// A user that has events.
#[derive(Debug)]
pub(crate) struct User {
    /// How many changes were published.
    pub(crate) seq: u64,
    /// Memberships were decided at this instant; time alone has flipped none since.
    pub(crate) decided_at: Timestamp,
    /// Never later than the next change, sometimes earlier.
    deadline: Timestamp,
    /// Words of bits: by rule of the live catalog whether the user is a member, then by condition
    /// whether it holds, as far as the profile watches it.
    bits: Box<[u64]>,
    /// How many words the rules take.
    member_words: u32,
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
            bits: no_bits(catalog),
            member_words: bits::words(catalog.rules().len()) as u32,
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

    pub(crate) fn members(&self) -> &[u64] {
        &self.bits[..self.member_words as usize]
    }

    pub(super) fn members_mut(&mut self) -> &mut [u64] {
        &mut self.bits[..self.member_words as usize]
    }

    pub(super) fn set_mut(&mut self) -> &mut [u64] {
        &mut self.bits[self.member_words as usize..]
    }

    pub(super) fn members_and_set(&mut self) -> (&mut [u64], &[u64]) {
        let (members, set) = self.bits.split_at_mut(self.member_words as usize);
        (members, set)
    }

    /// Returns what is known of the user besides the events.
    pub(super) fn besides<'a>(&'a self, catalog: &'a Catalog) -> Besides<'a> {
        Besides { catalog, said: self.said.as_deref(), members: self.members() }
    }

    /// Returns the aggregates that are folded one by one, and what is known of the user besides the events.
    pub(crate) fn slots_and_besides<'a>(&'a mut self, catalog: &'a Catalog) -> (&'a mut Slots, Besides<'a>) {
        let (said, members) = (self.said.as_deref(), &self.bits[..self.member_words as usize]);
        (&mut self.kept.slots, Besides { catalog, said, members })
    }

    /// Returns what is kept, and the conditions that hold.
    pub(super) fn slab_and_set(&mut self) -> (&mut Slab, &mut [u64]) {
        (&mut self.kept.slab, &mut self.bits[self.member_words as usize..])
    }

    /// Makes the user one of a catalog, in no segment and of no condition.
    pub(crate) fn reset_bits(&mut self, catalog: &Catalog) {
        self.bits = no_bits(catalog);
        self.member_words = bits::words(catalog.rules().len()) as u32;
    }

    /// Makes the user a member of these segments, as far as the catalog has them.
    pub(crate) fn set_members(&mut self, catalog: &Catalog, segments: &[SegmentId]) {
        let rules = segments.iter().filter_map(|segment_id| catalog.rule_index_of(*segment_id));
        rules.for_each(|rule: RuleIndex| bits::set(self.members_mut(), rule));
    }

    /// Fetches everything that is looked at when an event comes, or a deadline.
    pub(crate) fn prefetch(&self, event_id: Option<EventId>) {
        self.kept.slab.prefetch();
        prefetch_slice(&self.bits, BITS_AHEAD);
        self.duplicates.prefetch(event_id);
    }
}

fn no_bits(catalog: &Catalog) -> Box<[u64]> {
    vec![0; bits::words(catalog.rules().len()) + bits::words(catalog.condition_count())].into()
}
