//! Which rules to decide, and whether they hold.

use super::present::{Deciding, Scratch};
use super::{Flips, User};
use crate::bits;
use crate::catalog::{Catalog, RuleIndex};

impl Scratch {
    /// Decides the rules that name a condition that flipped.
    pub(super) fn consider_flipped(&mut self, catalog: &Catalog) {
        self.candidates.clear();
        if self.flipped.is_empty() {
            return;
        }
        self.candidates.resize(bits::words(catalog.rules().len()), 0);
        for rule in self.flipped.iter().flat_map(|bit| catalog.rules_of(*bit)) {
            bits::set(&mut self.candidates, *rule);
        }
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
    /// Decides the rules to consider; memberships that differ from what they were are changed and returned.
    pub(crate) fn decide(&mut self, deciding: &mut Deciding<'_>) -> Flips {
        let catalog = deciding.catalog;
        let open = &deciding.profiles.get(self.profile.unwrap_or_default()).rules;
        let (members, set) = self.members_and_set();
        let mut flips = Flips::default();
        for (word, candidates) in deciding.scratch.candidates.iter().enumerate() {
            // A rule that is sure to fail needs no look, except for who was a member.
            let relevant = candidates & (open[word] | members[word]);
            for rule in bits::of_word(word, relevant) {
                let holds = catalog.holds(rule, |bit| bits::is_set(set, bit));
                if bits::assign(members, rule, holds) {
                    flips.add(catalog.segment_of(rule), holds);
                }
            }
        }
        flips
    }
}
