//! The catalog, and what can be looked up in it.

use std::collections::BTreeMap;

use rules::plan::plan;
use rules::{AggregateFunction, AggregateKey, Diagnostic, Plan, Rule, compile, cycle_diagnostic, segment_cycle};
use rustc_hash::FxHashMap;
use schema::{Definitions, Event, Generation, SegmentDefinition, SegmentId, SegmentVersion};

use super::aggregate::{CatalogAggregate, Slot};
use super::build::CatalogBuilder;
use super::condition::{Asked, Condition, GeneralCondition};
use super::formula::{Bit, Programs};
use super::index::{EventIndex, Target};
use super::readers::Readers;
use super::rule::{CatalogRule, RuleIndex};
use super::series::{Outline, Series, SeriesIndex, series_key};
use super::user_conditions::UserConditions;

/// Every live definition, compiled; aggregates that are equal are shared.
#[derive(Debug)]
pub struct Catalog {
    pub(super) generation: Generation,
    pub(super) member_words: usize,
    pub(super) bit_words: usize,
    pub(super) rules: Vec<CatalogRule>,
    /// By rule: what a change names.
    pub(super) segments: Vec<(SegmentId, SegmentVersion)>,
    pub(super) programs: Programs,
    /// By bit.
    pub(super) conditions: Vec<Condition>,
    /// By bit: what is asked of times.
    pub(super) asked: Vec<Asked>,
    /// The rules that name a condition.
    pub(super) readers: Readers,
    /// How many conditions, the first ones, make a user's profile.
    pub(super) profile_conditions: Bit,
    /// The first of the conditions that are about more than one series.
    pub(super) first_other: Bit,
    /// The general conditions that name `now()`.
    pub(super) now_conditions: Vec<Bit>,
    /// The conditions on series that hold of a user whom the series knows nothing of.
    pub(super) over_nothing: Box<[u64]>,
    pub(super) series: Vec<Series>,
    /// By series.
    pub(super) outlines: Vec<Outline>,
    pub(super) series_by_key: FxHashMap<AggregateKey, SeriesIndex>,
    /// Aggregates that were stored one by one before there were series.
    pub(super) stands_for: FxHashMap<AggregateKey, SeriesIndex>,
    pub(super) aggregates: Vec<CatalogAggregate>,
    /// Whether any of them is interpreted.
    pub(super) interprets: bool,
    pub(super) slots: FxHashMap<AggregateKey, Slot>,
    pub(super) index: EventIndex,
    pub(super) user_conditions: UserConditions,
}

/// A definition that does not compile: the store and this build disagree about the language.
#[derive(Debug, thiserror::Error)]
#[error("segment {segment_id} does not compile")]
pub struct CatalogError {
    /// Which segment.
    pub segment_id: SegmentId,
    /// Why.
    pub diagnostics: Vec<Diagnostic>,
}

/// Refuses segments that depend on themselves.
fn without_cycles(plans: &BTreeMap<SegmentId, (SegmentDefinition, Plan)>) -> Result<(), CatalogError> {
    let tags = |plan: &Plan| plan.segments().into_iter().map(str::to_owned).collect();
    let dependencies = plans.values().map(|(definition, plan)| (definition.tag.to_string(), tags(plan))).collect();
    for (segment_id, (definition, plan)) in plans {
        if let Some(cycle) = segment_cycle(&definition.tag.to_string(), &dependencies) {
            let diagnostics = vec![cycle_diagnostic(&cycle, plan.membership.span)];
            return Err(CatalogError { segment_id: *segment_id, diagnostics });
        }
    }
    Ok(())
}

impl Catalog {
    /// Compiles and freezes the definitions.
    pub fn freeze(definitions: &Definitions) -> Result<Self, CatalogError> {
        let compiled = definitions.segments.iter().map(|definition| {
            let compiled = compile(&definition.where_statement);
            let refused = |diagnostics| CatalogError { segment_id: definition.segment_id, diagnostics };
            compiled.rule.map(|rule| (definition.clone(), rule)).ok_or_else(|| refused(compiled.diagnostics))
        });
        Self::of_rules(definitions.generation, compiled.collect::<Result<Vec<_>, _>>()?)
    }

    /// Freezes rules that were compiled before; of two for one segment the last one counts.
    pub fn of_rules(generation: Generation, rules: Vec<(SegmentDefinition, Rule)>) -> Result<Self, CatalogError> {
        let mut plans = BTreeMap::new();
        for (definition, rule) in rules {
            let segment_id = definition.segment_id;
            let plan = plan(&rule).map_err(|diagnostics| CatalogError { segment_id, diagnostics })?;
            plans.insert(segment_id, (definition, plan));
        }
        without_cycles(&plans)?;
        Ok(Self::of_plans(generation, plans.into_values()))
    }

    fn of_plans(generation: Generation, plans: impl Iterator<Item = (SegmentDefinition, Plan)>) -> Self {
        let mut builder = CatalogBuilder::default();
        plans.for_each(|(definition, plan)| builder.add(definition, &plan));
        builder.freeze(generation)
    }

    /// Returns which catalog this is.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Returns how many different aggregates a user can have.
    pub fn aggregate_count(&self) -> usize {
        self.series.len() + self.aggregates.len()
    }

    /// Returns whether something is computed anew over a user's events, which may take long.
    pub fn interprets(&self) -> bool {
        self.interprets
    }

    pub(crate) fn aggregates(&self) -> &[CatalogAggregate] {
        &self.aggregates
    }

    pub(crate) fn aggregate(&self, slot: Slot) -> &CatalogAggregate {
        &self.aggregates[slot as usize]
    }

    pub(crate) fn slot_of(&self, key: AggregateKey) -> Option<Slot> {
        self.slots.get(&key).copied()
    }

    pub(crate) fn all_series(&self) -> &[Series] {
        &self.series
    }

    pub(crate) fn series(&self, index: SeriesIndex) -> &Series {
        &self.series[index as usize]
    }

    /// Returns what of a series is looked at with every event.
    pub(crate) fn outline(&self, index: SeriesIndex) -> &Outline {
        &self.outlines[index as usize]
    }

    pub(crate) fn series_of(&self, key: AggregateKey) -> Option<SeriesIndex> {
        self.series_by_key.get(&key).copied()
    }

    /// Returns the series in which an aggregate is kept that was stored by itself before.
    pub(crate) fn series_in_place_of(&self, key: AggregateKey) -> Option<SeriesIndex> {
        self.stands_for.get(&key).copied()
    }

    /// Returns whether it is the key of "there is an event", which is kept nowhere: users have one.
    pub(crate) fn is_always_true(&self, key: AggregateKey) -> bool {
        key == series_key(AggregateFunction::Exists, None)
    }

    /// Calls with lists of everything that the event is folded into.
    #[inline]
    pub(crate) fn for_each_targets(&self, event: &Event, call: impl FnMut(&[Target])) {
        self.index.for_each(event, call);
    }

    /// Returns how many words the rules take of a user's bits.
    pub(crate) const fn member_words(&self) -> usize {
        self.member_words
    }

    /// Returns how many words rules and conditions take of a user's bits.
    pub(crate) const fn bit_words(&self) -> usize {
        self.bit_words
    }

    pub(crate) fn condition_count(&self) -> usize {
        self.conditions.len()
    }

    pub(crate) fn condition(&self, bit: Bit) -> &Condition {
        &self.conditions[bit as usize]
    }

    /// Returns what a condition on a series of times asks of it.
    pub(crate) fn asked(&self, bit: Bit) -> &Asked {
        &self.asked[bit as usize]
    }

    pub(crate) fn general(&self, bit: Bit) -> Option<&GeneralCondition> {
        match self.condition(bit) {
            Condition::General(general) => Some(general),
            _ => None,
        }
    }

    pub(crate) fn profile_conditions(&self) -> Bit {
        self.profile_conditions
    }

    /// Returns the conditions that are about more than one series.
    pub(crate) fn other_conditions(&self) -> std::ops::Range<Bit> {
        self.first_other..self.conditions.len() as Bit
    }

    pub(crate) fn now_conditions(&self) -> &[Bit] {
        &self.now_conditions
    }

    pub(crate) fn over_nothing(&self) -> &[u64] {
        &self.over_nothing
    }

    pub(crate) fn segment_of(&self, rule: RuleIndex) -> (SegmentId, SegmentVersion) {
        self.segments[rule as usize]
    }

    /// Adds the rules that name a condition to a set of rules.
    #[inline]
    pub(crate) fn add_rules_of(&self, bit: Bit, rules: &mut [u64]) {
        self.readers.add(bit, rules);
    }

    /// Returns whether a rule holds for the conditions that are set.
    #[inline]
    pub(crate) fn holds(&self, rule: RuleIndex, is_set: impl Fn(Bit) -> bool) -> bool {
        self.programs.holds(rule as usize, is_set)
    }

    pub(crate) fn rules(&self) -> &[CatalogRule] {
        &self.rules
    }

    pub(crate) fn rule_of(&self, segment_id: SegmentId) -> Option<&CatalogRule> {
        self.rule_index_of(segment_id).map(|at| &self.rules[at as usize])
    }

    /// Returns the conditions on what is known of a user besides the events.
    pub(crate) const fn user_conditions(&self) -> &UserConditions {
        &self.user_conditions
    }

    pub(crate) fn rule_index_of(&self, segment_id: SegmentId) -> Option<RuleIndex> {
        let at = self.segments.binary_search_by_key(&segment_id, |(known, _)| *known);
        at.ok().map(|at| at as RuleIndex)
    }
}
