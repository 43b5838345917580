//! What an event does to a user.

use schema::{Event, Timestamp, UserTraits};

use super::present::{Deciding, Scratch};
use super::series::{Folded, NEVER, Usual, Watching, fold};
use super::{Flips, Said, Slab, Slots, User};
use crate::bits;
use crate::catalog::{Bit, Catalog, SeriesIndex, Target};

/// What is kept of a user's events, for one catalog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) slab: Slab,
    /// Aggregates that are folded one by one.
    pub(crate) slots: Slots,
}

impl Kept {
    pub(crate) fn is_empty(&self) -> bool {
        self.slab.is_empty() && self.slots.is_empty()
    }

    /// Folds an event into what of the catalog is wanted, and decides nothing.
    pub(crate) fn fold(&mut self, catalog: &Catalog, event: &Event, now: Timestamp, wanted: impl Fn(Target) -> bool) {
        let mut fold_one = |target| match target {
            Target::Series(index) => {
                fold(&mut self.slab, catalog, index, event, now, |series| wanted(Target::Series(series)));
            }
            Target::Aggregate(slot) => {
                if wanted(target) {
                    self.slots.fold(catalog, slot, event, now);
                }
            }
        };
        catalog.for_each_targets(event, |targets| targets.iter().copied().for_each(&mut fold_one));
    }
}

impl User {
    #[cold]
    fn apply_first(&mut self, deciding: &mut Deciding<'_>, event: &Event, now: Timestamp) -> Flips {
        let catalog = deciding.catalog;
        self.fold_first(catalog, event, now);
        if let Some((slots, besides)) = self.slots_and_besides(catalog) {
            slots.advance(&besides, now, &mut deciding.scratch.touched);
        }
        self.settle(deciding, now);
        deciding.scratch.consider_all(catalog);
        self.decide(deciding)
    }

    /// Folds the first event, and decides nothing.
    fn fold_first(&mut self, catalog: &Catalog, event: &Event, now: Timestamp) {
        let mut kept = Kept { slab: std::mem::take(&mut self.slab), slots: self.take_slots() };
        kept.fold(catalog, event, now, |_| true);
        self.slab = kept.slab;
        self.set_slots(kept.slots);
    }

    /// Folds an event that happened to the user, and returns what flipped; nothing when no condition did.
    ///
    /// What was due before `now` has fired. Only what the event touched is looked at; the old
    /// deadline stands for the rest, so the new one is never late, but can be early.
    pub(crate) fn apply(&mut self, deciding: &mut Deciding<'_>, event: &Event, now: Timestamp) -> Option<Flips> {
        let catalog = deciding.catalog;
        deciding.scratch.clear();
        self.is_seen();
        if self.profile.is_none() {
            return Some(self.apply_first(deciding, event, now));
        }
        self.fold_watched(deciding, event, now);
        if deciding.scratch.has_found() {
            self.look_further(deciding, now)
        } else {
            self.decided_at = now
        }
        (!deciding.scratch.flipped.is_empty()).then(|| {
            deciding.scratch.consider_flipped(catalog);
            self.decide(deciding)
        })
    }

    /// Looks at what follows from that which an event has changed.
    #[inline(never)]
    fn look_further(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) {
        self.look_at_orders(deciding, now);
        self.look_at_touched(deciding, now);
        let of_profile = deciding.catalog.profile_conditions();
        if deciding.scratch.flipped.iter().any(|bit| *bit < of_profile) {
            self.change_profile(deciding, now);
        }
        self.decided_at = now;
    }

    /// Takes in what was said of the user, and returns what flipped. What was due before `now` has fired.
    pub(crate) fn hear(&mut self, deciding: &mut Deciding<'_>, traits: &UserTraits, now: Timestamp) -> Flips {
        deciding.scratch.clear();
        // Users of whom nothing is known but what is said are new.
        let is_new = self.profile.is_none();
        let changes = match &mut self.rare_mut().said {
            Some(said) => said.hear(traits),
            said @ None => {
                *said = Some(Box::new(Said::new(traits, is_new)));
                true
            }
        };
        if !changes || self.is_alone() {
            return Flips::default();
        }
        self.decided_at = now;
        let catalog = deciding.catalog;
        let conditions = catalog.user_conditions();
        self.look_at_user(deciding, conditions.of_traits(), conditions.slots_of_traits(), now);
        deciding.scratch.consider_flipped(catalog);
        self.decide(deciding)
    }

    /// Folds an event, and looks at the conditions of series.
    #[inline]
    fn fold_watched(&mut self, deciding: &mut Deciding<'_>, event: &Event, now: Timestamp) {
        let Deciding { catalog, profiles, scratch } = deciding;
        let watched = &*profiles.get(self.profile).conditions;
        let Scratch { flipped, unusual, .. } = &mut **scratch;
        let mut usual = Usual::new(&mut self.slab, Watching { catalog, watched, flipped, now });
        catalog.for_each_targets(event, |targets| usual.fold(targets, event, unusual));
        let earliest = usual.earliest;
        self.hurry(Timestamp::from_micros(earliest));
        if !scratch.unusual.is_empty() {
            self.fold_all_unusual(deciding, event, now);
        }
    }

    #[inline(never)]
    fn fold_all_unusual(&mut self, deciding: &mut Deciding<'_>, event: &Event, now: Timestamp) {
        let Deciding { catalog, profiles, scratch } = deciding;
        let watched = &*profiles.get(self.profile).conditions;
        let mut unusual = std::mem::take(&mut scratch.unusual);
        let mut folding = Folding { catalog, watched, scratch, now, earliest: NEVER };
        for target in unusual.drain(..) {
            match target {
                Target::Series(index) => self.fold_unusual(&mut folding, index, event),
                Target::Aggregate(slot) => {
                    if self.rare_mut().slots.fold(catalog, slot, event, now) {
                        folding.scratch.touched.push(slot);
                    }
                }
            }
        }
        let earliest = folding.earliest;
        self.hurry(Timestamp::from_micros(earliest));
        scratch.unusual = unusual;
    }

    fn fold_unusual(&mut self, folding: &mut Folding<'_>, index: SeriesIndex, event: &Event) {
        let series = folding.catalog.series(index);
        match fold(&mut self.slab, folding.catalog, index, event, folding.now, |_| true) {
            Folded::Nothing => {}
            Folded::Events { at, is_latest } => {
                folding.look_at_series(self, at, series);
                if is_latest {
                    let is_watched = |bit: &&Bit| bits::is_set(folding.watched, **bit);
                    folding.scratch.orders.extend(series.orders.iter().filter(is_watched));
                }
            }
            Folded::Values { at, changed } => folding.look_at_row(self, at, series, changed),
        }
    }
}

/// One event on its way through the series that it is folded into.
pub(super) struct Folding<'a> {
    pub(super) catalog: &'a Catalog,
    /// The conditions of the user's profile.
    pub(super) watched: &'a [u64],
    pub(super) scratch: &'a mut Scratch,
    pub(super) now: Timestamp,
    /// Until when nothing flips by itself that the event has changed.
    pub(super) earliest: i64,
}
