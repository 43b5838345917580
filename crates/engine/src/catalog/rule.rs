//! A definition, compiled and lowered.

use schema::SegmentDefinition;

use super::formula::Formula;

/// A rule's index in its catalog: rules are ascending by segment id.
pub(crate) type RuleIndex = u32;

/// A segment's rule over the catalog's conditions.
#[derive(Debug)]
pub(crate) struct CatalogRule {
    pub(crate) definition: SegmentDefinition,
    /// Kept beside its program for what is left of it in a profile.
    pub(super) formula: Formula,
}
