//! Which rules to decide, and whether they hold.

use super::present::{Deciding, Scratch};
use super::{Flips, User};
use crate::bits;
use crate::catalog::{Bit, Catalog, RuleIndex, Slot};

impl Scratch {
    /// Decides the rules that name a condition that flipped.
    pub(super) fn consider_flipped(&mut self, catalog: &Catalog) {
        self.candidates.clear();
        if self.flipped.is_empty() {
            return;
        }
        self.candidates.resize(catalog.member_words(), 0);
        self.flipped.iter().for_each(|bit| catalog.add_rules_of(*bit, &mut self.candidates));
    }

    /// Decides all rules.
    pub(crate) fn consider_all(&mut self, catalog: &Catalog) {
        self.candidates.clear();
        self.candidates.extend(bits::all(catalog.rules().len()));
    }

    /// Decides these rules.
    pub(crate) fn consider(&mut self, catalog: &Catalog, rules: &[RuleIndex]) {
        self.candidates.clear();
        self.candidates.resize(bits::words(catalog.rules().len()), 0);
        rules.iter().for_each(|rule| bits::set(&mut self.candidates, *rule));
    }
}

impl User {
    /// Decides the rules to consider, and those that depend on what flips; memberships that differ from
    /// what they were are changed and returned.
    pub(crate) fn decide(&mut self, deciding: &mut Deciding<'_>) -> Flips {
        let catalog = deciding.catalog;
        if !catalog.user_conditions().has_segments() {
            return self.decide_once(deciding);
        }
        let before = self.members(catalog).to_vec();
        let mut flips = self.decide_once(deciding);
        // No segment depends on itself, so this ends; in between one can enter and leave again.
        while self.look_at_segments(deciding, &flips) {
            deciding.scratch.consider_flipped(catalog);
            flips = self.decide_once(deciding);
        }
        self.difference(catalog, &before)
    }

    /// Looks at the conditions that ask for segments that flipped; returns whether any did.
    fn look_at_segments(&mut self, deciding: &mut Deciding<'_>, flips: &Flips) -> bool {
        let catalog = deciding.catalog;
        let conditions = catalog.user_conditions();
        let (mut bits, mut slots): (Vec<Bit>, Vec<Slot>) = (Vec::new(), Vec::new());
        for rule in flips.entered.iter().chain(&flips.left).filter_map(|id| catalog.rule_index_of(*id)) {
            bits.extend(conditions.of_segment(rule));
            slots.extend(conditions.slots_of_segment(rule));
        }
        slots.sort_unstable();
        slots.dedup();
        deciding.scratch.flipped.clear();
        let now = self.decided_at;
        self.look_at_user(deciding, &bits, &slots, now);
        !deciding.scratch.flipped.is_empty()
    }

    fn difference(&self, catalog: &Catalog, before: &[u64]) -> Flips {
        let mut flips = Flips::default();
        for (word, (was, is)) in before.iter().zip(self.members(catalog)).enumerate() {
            for rule in bits::of_word(word, was ^ is) {
                flips.add(catalog.segment_of(rule), !bits::is_set(before, rule));
            }
        }
        flips
    }

    fn decide_once(&mut self, deciding: &mut Deciding<'_>) -> Flips {
        let catalog = deciding.catalog;
        let open = &*deciding.profiles.get(self.profile).rules;
        let (members, set) = self.members_and_set(catalog);
        let Scratch { candidates, changed, .. } = &mut *deciding.scratch;
        changed.clear();
        let mut any = 0;
        for (word, ((candidates, open), members)) in candidates.iter().zip(open).zip(&mut *members).enumerate() {
            // A rule that is sure to fail needs no look, except for who was a member.
            let relevant = candidates & (open | *members);
            let mut holding = 0;
            for rule in bits::of_word(word, relevant) {
                let holds = catalog.holds(rule, |bit| bits::is_set(set, bit));
                holding |= u64::from(holds) << (rule as usize % bits::PER_WORD);
            }
            let flipped = (*members ^ holding) & relevant;
            *members ^= flipped;
            any |= flipped;
            changed.push(flipped);
        }
        if any == 0 { Flips::default() } else { Flips::of(catalog, changed, members) }
    }
}
