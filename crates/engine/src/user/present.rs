//! What is kept of a user.

use std::slice;

use schema::{EventId, SegmentId, Timestamp};

use super::fold::Kept;
use super::rare::Rare;
use super::series::InPlace;
use super::{Besides, Slab, Slots};
use crate::bits;
use crate::catalog::{Bit, Catalog, ProfileIndex, Profiles, RuleIndex, Target};
use crate::prefetch::prefetch_slice;

/// The deadline of a user whom time alone does not change.
pub(super) const NO_DEADLINE: Timestamp = Timestamp::from_micros(i64::MAX);

/// How many lines of the processor's cache the rest lies in.
const RARE_LINES: usize = size_of::<Rare>().div_ceil(64) + 1;

/// A user that has events: one line of the processor's cache, and one piece of memory besides for nearly all.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct User {
    /// How many changes were published.
    pub(crate) seq: u64,
    /// Memberships were decided at this instant; time alone has flipped none since.
    pub(crate) decided_at: Timestamp,
    /// Never later than the next change, sometimes earlier.
    deadline: Timestamp,
    /// The series of the live catalog. Behind them by rule whether the user is a member, then by condition
    /// whether it holds, as far as the profile watches it: words of bits. Then the ids that are remembered.
    pub(super) slab: Slab,
    /// What most users have nothing of.
    pub(super) rare: Option<Box<Rare>>,
    /// Which conditions are watched; `None` when none was looked at yet.
    pub(super) profile: Option<ProfileIndex>,
    /// Whether it changed since it was last stored.
    pub(crate) is_dirty: bool,
}

const _: () = assert!(size_of::<Option<User>>() == 64, "a user takes one line of the cache");

/// What deciding about a user needs besides the user.
pub(crate) struct Deciding<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) profiles: &'a mut Profiles,
    pub(crate) scratch: &'a mut Scratch,
}

/// Lists that are made once and used for every event.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// What an event does more to than most do.
    pub(super) unusual: Vec<Target>,
    /// Conditions that changed.
    pub(super) flipped: Vec<Bit>,
    /// Aggregates that an event was folded into, or time moved.
    pub(super) touched: Vec<crate::catalog::Slot>,
    /// Comparisons of latest times that may have changed.
    pub(super) orders: Vec<Bit>,
    /// Rules that changed, as bits.
    pub(super) changed: Vec<u64>,
    /// Rules to decide, as bits.
    pub(super) candidates: Vec<u64>,
}

impl User {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let mut slab = Slab::default();
        slab.extend_tail(&vec![0; catalog.bit_words()]);
        Self {
            seq: 0,
            decided_at: Timestamp::default(),
            deadline: NO_DEADLINE,
            slab,
            rare: None,
            profile: None,
            is_dirty: false,
        }
    }

    /// Returns when to look at the user again if no event comes.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        Some(self.deadline).filter(|deadline| *deadline != NO_DEADLINE)
    }

    /// Returns whether the user must be looked at, at an instant.
    #[inline]
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    pub(super) fn set_deadline(&mut self, deadline: Option<Timestamp>) {
        self.deadline = deadline.unwrap_or(NO_DEADLINE);
    }

    /// Looks at the user earlier, if that is earlier.
    #[inline]
    pub(super) fn hurry(&mut self, deadline: Timestamp) {
        self.deadline = self.deadline.min(deadline);
    }

    pub(crate) fn members(&self, catalog: &Catalog) -> &[u64] {
        &self.bits(catalog)[..catalog.member_words()]
    }

    pub(super) fn members_mut(&mut self, catalog: &Catalog) -> &mut [u64] {
        self.members_and_set(catalog).0
    }

    pub(super) fn set_mut(&mut self, catalog: &Catalog) -> &mut [u64] {
        self.members_and_set(catalog).1
    }

    /// Returns the segments, and the conditions that hold.
    pub(super) fn members_and_set(&mut self, catalog: &Catalog) -> (&mut [u64], &mut [u64]) {
        words_mut(self.slab.tail_mut(), catalog).split_at_mut(catalog.member_words())
    }

    /// Returns the series, and the conditions that hold.
    pub(super) fn series_and_set(&mut self, catalog: &Catalog) -> (InPlace<'_>, &mut [u64]) {
        let (series, tail) = self.slab.parts_mut();
        (series, &mut words_mut(tail, catalog)[catalog.member_words()..])
    }

    /// Returns the series.
    pub(crate) const fn slab(&self) -> &Slab {
        &self.slab
    }

    fn bits(&self, catalog: &Catalog) -> &[u64] {
        bytemuck::cast_slice(&self.slab.tail()[..catalog.bit_words()])
    }

    /// Returns what is known of the user besides the events.
    pub(super) fn besides<'a>(&'a self, catalog: &'a Catalog) -> Besides<'a> {
        Besides { catalog, said: self.said(), members: self.members(catalog) }
    }

    /// Returns the aggregates that are folded one by one, if there may be any, and what is known of the user
    /// besides the events.
    pub(crate) fn slots_and_besides<'a>(&'a mut self, catalog: &'a Catalog) -> Option<(&'a mut Slots, Besides<'a>)> {
        let Rare { slots, said, .. } = &mut **self.rare.as_mut()?;
        let bits: &[u64] = bytemuck::cast_slice(&self.slab.tail()[..catalog.member_words()]);
        Some((slots, Besides { catalog, said: said.as_deref(), members: bits }))
    }

    /// Makes the user of a catalog one of another, of which this is kept: in no segment and of no condition.
    pub(crate) fn move_to(&mut self, old: &Catalog, catalog: &Catalog, kept: Kept) {
        let ids = self.slab.tail()[old.bit_words()..].to_vec();
        self.slab = kept.slab;
        self.slab.extend_tail(&vec![0; catalog.bit_words()]);
        self.slab.extend_tail(&ids);
        self.set_slots(kept.slots);
    }

    /// Makes the user a member of these segments, as far as the catalog has them.
    pub(crate) fn set_members(&mut self, catalog: &Catalog, segments: &[SegmentId]) {
        let rules = segments.iter().filter_map(|segment_id| catalog.rule_index_of(*segment_id));
        rules.for_each(|rule: RuleIndex| bits::set(self.members_mut(catalog), rule));
    }

    /// Fetches what is looked at when an event comes, or a deadline.
    pub(crate) fn prefetch(&self) {
        self.slab.prefetch();
        if let Some(rare) = &self.rare {
            prefetch_slice(slice::from_ref(&**rare), RARE_LINES);
        }
    }

    /// Fetches what is looked at besides when this event comes, once what [`Self::prefetch`] fetches is there.
    pub(crate) fn prefetch_further(&self, event_id: EventId) {
        if let Some(many) = self.rare.as_ref().and_then(|rare| rare.many.as_ref()) {
            many.prefetch(event_id);
        }
    }
}

/// Returns the words of bits, with which the tail of a slab begins.
fn words_mut<'a>(tail: &'a mut [i64], catalog: &Catalog) -> &'a mut [u64] {
    bytemuck::cast_slice_mut(&mut tail[..catalog.bit_words()])
}
