//! Which conditions hang on what is known of a user besides the events: traits, and other segments.

use rules::{Expr, ExprKind};
use rustc_hash::FxHashMap;

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
    /// Rules that depend on segments, be they in the catalog or not; ascending.
    dependents: Vec<RuleIndex>,
}

impl UserConditions {
    pub(super) fn new(rules: &[CatalogRule], conditions: &[Condition]) -> Self {
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
        let depends = |rule: &CatalogRule| {
            let mut depends = false;
            rule.formula.for_each(&mut |bit| depends |= of_segments.binary_search(&bit).is_ok());
            depends
        };
        found.dependents = (0..).zip(rules).filter(|(_, rule)| depends(rule)).map(|(index, _)| index).collect();
        found
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

    /// Returns the rules that depend on segments.
    pub(crate) fn dependents(&self) -> &[RuleIndex] {
        &self.dependents
    }

    pub(crate) fn has_segments(&self) -> bool {
        !self.by_segment.is_empty()
    }
}

fn visit<'e>(expr: &'e Expr, call: &mut impl FnMut(&'e Expr)) {
    call(expr);
    rules::plan::children(expr).into_iter().for_each(|part| visit(part, call));
}
