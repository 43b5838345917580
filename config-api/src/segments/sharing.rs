//! Which aggregates the live segments keep, for plans that tell what is shared.
//!
//! Compiling every definition for every question would cost as much as a catalog. A version never
//! changes, so what it keeps is remembered for as long as it is live.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rules::AggregateKey;
use schema::{Definitions, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion};

/// What each live version keeps, as far as somebody asked.
#[derive(Clone, Default)]
pub(crate) struct KnownAggregates {
    by_version: Arc<Mutex<ByVersion>>,
}

type ByVersion = BTreeMap<(SegmentId, SegmentVersion), Arc<[AggregateKey]>>;

/// Which segments use an aggregate.
pub(super) struct Sharing {
    readers: BTreeMap<AggregateKey, Vec<SegmentTag>>,
}

impl KnownAggregates {
    /// Returns which of the definitions, without that of `except`, use which aggregates.
    pub(super) async fn sharing(&self, definitions: Arc<Definitions>, except: Option<SegmentId>) -> Sharing {
        let known = self.clone();
        // The first time it compiles all of them.
        let shared = tokio::task::spawn_blocking(move || known.collect(&definitions, except)).await;
        shared.unwrap_or_else(|_| Sharing { readers: BTreeMap::new() })
    }

    fn collect(&self, definitions: &Definitions, except: Option<SegmentId>) -> Sharing {
        let mut known = self.by_version.lock().unwrap_or_else(PoisonError::into_inner);
        let mut live = ByVersion::new();
        let mut readers: BTreeMap<AggregateKey, Vec<SegmentTag>> = BTreeMap::new();
        for definition in &definitions.segments {
            let version = (definition.segment_id, definition.version);
            let keys = known.remove(&version).unwrap_or_else(|| keys(definition));
            if except != Some(definition.segment_id) {
                keys.iter().for_each(|key| readers.entry(*key).or_default().push(definition.tag.clone()));
            }
            live.insert(version, keys);
        }
        *known = live;
        Sharing { readers }
    }
}

impl Sharing {
    /// Returns the tags of the segments that use an aggregate, in the order of their ids.
    pub(super) fn readers(&self, key: AggregateKey) -> Vec<SegmentTag> {
        self.readers.get(&key).cloned().unwrap_or_default()
    }
}

fn keys(definition: &SegmentDefinition) -> Arc<[AggregateKey]> {
    let rule = rules::compile(&definition.where_statement).rule;
    let plan = rule.and_then(|rule| rules::plan::plan(&rule).ok());
    plan.iter().flat_map(|plan| &plan.aggregates).map(rules::AggregateSpec::key).collect()
}
