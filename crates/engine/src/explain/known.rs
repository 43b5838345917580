//! Everything that an explanation needs to know of a user.

use std::collections::BTreeSet;

use rules::Rule;
use schema::{Event, SegmentDefinition, StandingTraits, Timestamp};

use crate::naive::{Person, is_member_of};

/// What is known of a user.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Known {
    /// The events that count, in any order.
    pub events: Vec<Event>,
    /// What was said.
    pub traits: StandingTraits,
    /// The live segments that the explained rule depends on, also through others, without cycles.
    pub others: Vec<(SegmentDefinition, Rule)>,
}

impl Known {
    /// Returns what was said as the naive evaluator takes it.
    pub(super) fn said(&self) -> Vec<(Timestamp, String)> {
        self.traits.first().map(|first| (first, self.traits.to_json())).into_iter().collect()
    }

    /// Returns the tags of those of the other segments that the user is in: decided again and again,
    /// until none that depends on others changes.
    pub(super) fn segments(&self, now: Timestamp) -> Vec<String> {
        let said = self.said();
        let mut segments: BTreeSet<String> = BTreeSet::new();
        // Each round decides at least one more for good.
        for _ in 0..=self.others.len() {
            let listed: Vec<String> = segments.iter().cloned().collect();
            let person = Person { events: &self.events, traits: &said, segments: &listed };
            let holds = |(_, rule): &&(SegmentDefinition, Rule)| is_member_of(rule, &person, now);
            segments = self.others.iter().filter(holds).map(|(definition, _)| definition.tag.to_string()).collect();
        }
        segments.into_iter().collect()
    }
}
