//! Putting the parts of a catalog in their places.

use rules::{AggregateKey, AggregateSpec, Plan};
use rustc_hash::FxHashMap;
use schema::{Generation, SegmentDefinition};

use super::aggregate::{CatalogAggregate, Slot};
use super::condition::{Asked, Condition, SeriesCondition};
use super::draft::Draft;
use super::formula::{Bit, Formula, Programs};
use super::freeze::Catalog;
use super::index::{EventIndex, Target};
use super::lower::Lowering;
use super::order::put_in_order;
use super::readers::Readers;
use super::rule::CatalogRule;
use super::series::{Outline, Series, SeriesIndex, make_rows};
use super::user_conditions::UserConditions;
use crate::bits;

/// A catalog to which rules are added.
#[derive(Debug, Default)]
pub(super) struct CatalogBuilder {
    rules: Vec<(SegmentDefinition, Formula)>,
    draft: Draft,
    aggregates: Aggregates,
}

#[derive(Debug, Default)]
struct Aggregates {
    all: Vec<CatalogAggregate>,
    slots: FxHashMap<AggregateKey, Slot>,
}

impl Aggregates {
    fn share(&mut self, spec: &AggregateSpec) -> Slot {
        let key = spec.key();
        if let Some(slot) = self.slots.get(&key) {
            self.all[*slot as usize].serve(spec.demand);
            return *slot;
        }
        let slot = self.all.len() as Slot;
        self.all.push(CatalogAggregate::new(key, spec.clone()));
        self.slots.insert(key, slot);
        slot
    }
}

impl CatalogBuilder {
    /// Adds a rule; rules come ascending by segment id.
    pub(super) fn add(&mut self, definition: SegmentDefinition, plan: &Plan) {
        let aggregates = &mut self.aggregates;
        let share = |spec: &AggregateSpec| aggregates.share(spec);
        let mut lowering = Lowering { plan, draft: &mut self.draft, share };
        let formula = lowering.formula(&plan.membership, true);
        self.rules.push((definition, formula));
    }

    pub(super) fn freeze(self, generation: Generation) -> Catalog {
        let Self { rules, draft, aggregates: Aggregates { all: mut aggregates, slots } } = self;
        let Draft { mut series, mut stands_for, mut conditions, .. } = draft;
        make_rows(&mut series);
        put_in_order(&mut series, &mut stands_for, &mut conditions);
        let (conditions, names) = in_order(conditions);
        let rules = rules.into_iter().map(|(definition, formula)| {
            let formula = formula.renamed(&|bit| names[bit as usize]);
            CatalogRule { definition, formula }
        });
        let rules: Vec<CatalogRule> = rules.collect();
        file_conditions(&conditions, &mut series, &mut aggregates);
        let member_words = bits::words(rules.len());
        let first_after = |last| conditions.partition_point(|condition| group(condition) <= last) as Bit;
        let names_now = |bit: &Bit| matches!(&conditions[*bit as usize], Condition::General(general) if !general.now_comparisons.is_empty());
        let mut programs = Programs::default();
        rules.iter().for_each(|rule| programs.push(&rule.formula));
        Catalog {
            generation,
            member_words,
            bit_words: member_words + bits::words(conditions.len()),
            profile_conditions: first_after(ConditionGroup::Profile),
            first_other: first_after(ConditionGroup::Series),
            now_conditions: (0..conditions.len() as Bit).filter(names_now).collect(),
            over_nothing: over_nothing(&conditions),
            asked: conditions.iter().map(Asked::of).collect(),
            segments: rules.iter().map(|rule| (rule.definition.segment_id, rule.definition.version)).collect(),
            readers: Readers::of(rules.iter().map(|rule| &rule.formula), conditions.len()),
            index: index(&series, &aggregates),
            user_conditions: UserConditions::new(&rules, &conditions, &aggregates),
            series_by_key: (0..).zip(&series).map(|(index, series)| (series.key, index)).collect(),
            outlines: series.iter().map(Outline::of).collect(),
            series,
            stands_for,
            conditions,
            interprets: aggregates.iter().any(|aggregate| aggregate.spec.interpretation.is_some()),
            aggregates,
            slots,
            programs,
            rules,
        }
    }
}

/// Bits of one group lie together: those that make the profile first, those of one series side by side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ConditionGroup {
    Profile,
    Series,
    Other,
}

const fn group(condition: &Condition) -> ConditionGroup {
    match condition {
        Condition::OfSeries(_, SeriesCondition::Is { .. } | SeriesCondition::IsKnown) => ConditionGroup::Profile,
        Condition::OfSeries(..) => ConditionGroup::Series,
        Condition::Order(_) | Condition::General(_) => ConditionGroup::Other,
    }
}

/// Returns the conditions in the order of their bits, and the bit of each by its former place.
fn in_order(conditions: Vec<Condition>) -> (Vec<Condition>, Vec<Bit>) {
    let mut drafted: Vec<(usize, Condition)> = conditions.into_iter().enumerate().collect();
    drafted.sort_by_key(|(place, condition)| {
        let of_series = match condition {
            Condition::OfSeries(series, condition) => Some((*series, condition.place())),
            _ => None,
        };
        (group(condition), of_series, *place)
    });
    let mut names = vec![0; drafted.len()];
    (0..).zip(&drafted).for_each(|(bit, (place, _))| names[*place] = bit);
    (drafted.into_iter().map(|(_, condition)| condition).collect(), names)
}

/// Tells series and aggregates which conditions are about them.
fn file_conditions(conditions: &[Condition], series: &mut [Series], aggregates: &mut [CatalogAggregate]) {
    for (bit, condition) in (0..).zip(conditions) {
        match condition {
            Condition::OfSeries(index, _) => {
                let range = &mut series[*index as usize].conditions;
                let start = if range.end == 0 { bit } else { range.start };
                *range = start..bit + 1;
            }
            Condition::Order(order) => {
                for side in [order.left.series, order.right.series] {
                    series[side as usize].orders.push(bit);
                }
            }
            Condition::General(general) => {
                for slot in general.slots.iter().flatten() {
                    let aggregate = &mut aggregates[*slot as usize];
                    aggregate.readers.push(bit);
                    if !general.now_comparisons.is_empty() {
                        aggregate.now_readers.push(bit);
                    }
                }
            }
        }
    }
    for series in series {
        let words = bits::words_of(&series.conditions);
        series.condition_words = words.map(|word| (word, bits::within(word, &series.conditions))).collect();
    }
}

/// Returns the conditions on series that hold where there is no event.
fn over_nothing(conditions: &[Condition]) -> Box<[u64]> {
    let mut holding = bits::none(conditions.len());
    for (bit, condition) in (0..).zip(conditions) {
        if matches!(condition, Condition::OfSeries(_, SeriesCondition::Total { over_nothing: true, .. })) {
            bits::set(&mut holding, bit);
        }
    }
    holding
}

fn index(series: &[Series], aggregates: &[CatalogAggregate]) -> EventIndex {
    let mut index = EventIndex::default();
    for (at, series) in (0 as SeriesIndex..).zip(series).filter(|(at, series)| *at == series.place) {
        index.insert(Target::Series(at), series.filter.as_ref());
    }
    for (at, aggregate) in (0 as Slot..).zip(aggregates) {
        index.insert(Target::Aggregate(at), aggregate.spec.filter.as_ref());
    }
    index.finish();
    index
}
