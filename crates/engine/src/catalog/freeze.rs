//! Building a catalog.

use rules::plan::plan;
use rules::{AggregateKey, Diagnostic, Plan, Rule, compile};
use rustc_hash::FxHashMap;
use schema::{Definitions, Event, Generation, SegmentDefinition, SegmentId};

use super::activity::ActivityIndex;
use super::aggregate::{CatalogAggregate, Slot};
use super::rule::{CatalogRule, RuleIndex};

/// Every live definition, compiled; aggregates that are equal are shared.
#[derive(Debug)]
pub struct Catalog {
    generation: Generation,
    rules: Vec<CatalogRule>,
    aggregates: Vec<CatalogAggregate>,
    slots: FxHashMap<AggregateKey, Slot>,
    activities: ActivityIndex,
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
        let mut plans = std::collections::BTreeMap::new();
        for (definition, rule) in rules {
            let segment_id = definition.segment_id;
            let plan = plan(&rule).map_err(|diagnostics| CatalogError { segment_id, diagnostics })?;
            plans.insert(segment_id, (definition, plan));
        }
        Ok(Self::of_plans(generation, plans.into_values()))
    }

    fn of_plans(generation: Generation, plans: impl Iterator<Item = (SegmentDefinition, Plan)>) -> Self {
        let mut catalog = Self {
            generation,
            rules: Vec::new(),
            aggregates: Vec::new(),
            slots: FxHashMap::default(),
            activities: ActivityIndex::default(),
        };
        plans.for_each(|(definition, plan)| catalog.add(definition, plan));
        catalog
    }

    fn add(&mut self, definition: SegmentDefinition, plan: Plan) {
        let reader = self.rules.len() as RuleIndex;
        let slots: Vec<Slot> = plan.aggregates.iter().map(|spec| self.share(spec)).collect();
        for slot in &slots {
            let aggregate = &mut self.aggregates[*slot as usize];
            aggregate.readers.push(reader);
            if !plan.now_comparisons.is_empty() {
                aggregate.now_readers.push(reader);
            }
        }
        self.rules.push(CatalogRule::new(definition, plan, slots));
    }

    fn share(&mut self, spec: &rules::AggregateSpec) -> Slot {
        let key = spec.key();
        if let Some(slot) = self.slots.get(&key) {
            self.aggregates[*slot as usize].serve(spec.demand);
            return *slot;
        }
        let slot = self.aggregates.len() as Slot;
        self.activities.insert(slot, spec.filter.as_ref());
        self.aggregates.push(CatalogAggregate::new(key, spec.clone()));
        self.slots.insert(key, slot);
        slot
    }

    /// Returns which catalog this is.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Returns how many different aggregates a user can have.
    pub fn aggregate_count(&self) -> usize {
        self.aggregates.len()
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

    /// Returns the aggregates whose filter the event may pass.
    pub(crate) fn candidates(&self, event: &Event) -> impl Iterator<Item = Slot> {
        self.activities.candidates(&event.activity_type)
    }

    pub(crate) fn rules(&self) -> &[CatalogRule] {
        &self.rules
    }

    pub(crate) fn rule(&self, index: RuleIndex) -> &CatalogRule {
        &self.rules[index as usize]
    }

    pub(crate) fn rule_of(&self, segment_id: SegmentId) -> Option<&CatalogRule> {
        let at = self.rules.binary_search_by_key(&segment_id, |rule| rule.definition.segment_id);
        at.ok().map(|at| &self.rules[at])
    }
}
