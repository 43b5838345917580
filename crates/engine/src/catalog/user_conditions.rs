//! What hangs on what is known of a user besides the events, traits and other segments: conditions, and aggregates
//! that are computed over the events one by one.

use rules::{Expr, ExprKind, Interpretation};
use rustc_hash::FxHashMap;

use super::aggregate::{CatalogAggregate, Slot};
use super::condition::Condition;
use super::formula::Bit;
use super::rule::{CatalogRule, RuleIndex};

/// The conditions that no event flips by itself.
#[derive(Debug, Default)]
pub(crate) struct UserConditions {
    rules_by_tag: FxHashMap<String, RuleIndex>,
    /// Of traits, ascending.
    traits: Vec<Bit>,
    /// By rule: the conditions that ask whether the user is in its segment, ascending.
    by_segment: FxHashMap<RuleIndex, Vec<Bit>>,
    /// Aggregates that look at traits, ascending.
    slots_of_traits: Vec<Slot>,
    /// By rule: the aggregates that ask whether the user is in its segment, ascending.
    slots_by_segment: FxHashMap<RuleIndex, Vec<Slot>>,
    /// Aggregates that ask for segments, be they in the catalog or not; ascending.
    slots_of_segments: Vec<Slot>,
    /// Rules that depend on segments, be they in the catalog or not; ascending.
    dependents: Vec<RuleIndex>,
}

impl UserConditions {
    pub(super) fn new(rules: &[CatalogRule], conditions: &[Condition], aggregates: &[CatalogAggregate]) -> Self {
        let tags = (0..).zip(rules).map(|(index, rule)| (rule.definition.tag.to_string(), index));
        let mut found = Self { rules_by_tag: tags.collect(), ..Self::default() };
        let mut of_segments = Vec::new();
        for (bit, condition) in (0..).zip(conditions) {
            let Condition::General(general) = condition else { continue };
            let (mut reads_traits, mut segments) = (false, Vec::new());
            visit(&general.expr, &mut |part| match &part.kind {
                ExprKind::OfUser(_) => reads_traits = true,
                ExprKind::InSegment(tag) => segments.push(found.rules_by_tag.get(tag).copied()),
                _ => {}
            });
            if reads_traits {
                found.traits.push(bit);
            }
            if !segments.is_empty() {
                of_segments.push(bit);
            }
            for rule in segments.into_iter().flatten() {
                let bits = found.by_segment.entry(rule).or_default();
                if bits.last() != Some(&bit) {
                    bits.push(bit);
                }
            }
        }
        for (slot, aggregate) in (0..).zip(aggregates) {
            if found.file_aggregate(slot, aggregate) {
                of_segments.extend(&aggregate.readers);
            }
        }
        of_segments.sort_unstable();
        let depends = |rule: &CatalogRule| {
            let mut depends = false;
            rule.formula.for_each(&mut |bit| depends |= of_segments.binary_search(&bit).is_ok());
            depends
        };
        found.dependents = (0..).zip(rules).filter(|(_, rule)| depends(rule)).map(|(index, _)| index).collect();
        found
    }

    /// Returns whether it asks for segments.
    fn file_aggregate(&mut self, slot: Slot, aggregate: &CatalogAggregate) -> bool {
        let Some(interpretation) = &aggregate.spec.interpretation else { return false };
        let (mut reads_traits, mut segments) = (false, Vec::new());
        for part in parts(interpretation) {
            part.walk(&mut |part| match &part.kind {
                ExprKind::OfUser(_) => reads_traits = true,
                ExprKind::InSegment(tag) => segments.push(tag),
                _ => {}
            });
        }
        if reads_traits {
            self.slots_of_traits.push(slot);
        }
        for rule in segments.iter().filter_map(|tag| self.rules_by_tag.get(*tag)) {
            let slots = self.slots_by_segment.entry(*rule).or_default();
            if slots.last() != Some(&slot) {
                slots.push(slot);
            }
        }
        if !segments.is_empty() {
            self.slots_of_segments.push(slot);
        }
        !segments.is_empty()
    }

    pub(crate) fn rule_of_tag(&self, tag: &str) -> Option<RuleIndex> {
        self.rules_by_tag.get(tag).copied()
    }

    /// Returns the conditions on traits.
    pub(crate) fn of_traits(&self) -> &[Bit] {
        &self.traits
    }

    /// Returns the conditions that ask whether the user is in a rule's segment.
    pub(crate) fn of_segment(&self, rule: RuleIndex) -> &[Bit] {
        self.by_segment.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// Returns the aggregates that look at traits.
    pub(crate) fn slots_of_traits(&self) -> &[Slot] {
        &self.slots_of_traits
    }

    /// Returns the aggregates that ask whether the user is in a rule's segment.
    pub(crate) fn slots_of_segment(&self, rule: RuleIndex) -> &[Slot] {
        self.slots_by_segment.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// Returns the aggregates that ask for segments.
    pub(crate) fn slots_of_segments(&self) -> &[Slot] {
        &self.slots_of_segments
    }

    /// Returns the rules that depend on segments.
    pub(crate) fn dependents(&self) -> &[RuleIndex] {
        &self.dependents
    }

    pub(crate) fn has_segments(&self) -> bool {
        !self.by_segment.is_empty() || !self.slots_by_segment.is_empty()
    }
}

fn parts(interpretation: &Interpretation) -> impl Iterator<Item = &Expr> {
    let times = interpretation.now_comparisons.iter().map(|comparison| &comparison.time);
    interpretation.aggregate.children().chain(times)
}

fn visit<'e>(expr: &'e Expr, call: &mut impl FnMut(&'e Expr)) {
    call(expr);
    rules::plan::children(expr).into_iter().for_each(|part| visit(part, call));
}
