//! A definition, compiled and lowered.

use rules::{Expr, NowComparison, Plan};
use schema::SegmentDefinition;

use super::aggregate::Slot;

/// A rule's index in its catalog: rules are ascending by segment id.
pub(crate) type RuleIndex = u32;

/// A segment's rule over the catalog's aggregates.
#[derive(Debug)]
pub(crate) struct CatalogRule {
    pub(crate) definition: SegmentDefinition,
    pub(crate) membership: Expr,
    pub(crate) now_comparisons: Vec<NowComparison>,
    /// Which of the catalog's aggregates each slot of the plan is.
    pub(crate) slots: Vec<Slot>,
}

impl CatalogRule {
    pub(crate) fn new(definition: SegmentDefinition, plan: Plan, slots: Vec<Slot>) -> Self {
        Self { definition, membership: plan.membership, now_comparisons: plan.now_comparisons, slots }
    }
}
