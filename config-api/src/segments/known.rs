//! What the live clauses come to: which aggregates they keep, and which segments they name.
//!
//! Compiling every definition for every question would cost as much as a catalog. A version never
//! changes, so what it comes to is remembered for as long as it is live.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rules::AggregateKey;
use schema::{Definitions, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion};
use warehouse::{RefusedKind, RefusedRows};

use super::dependencies::Dependencies;

/// What each live version comes to, as far as somebody asked; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct KnownRules {
    by_version: Arc<Mutex<ByVersion>>,
}

type ByVersion = BTreeMap<(SegmentId, SegmentVersion), Arc<KnownRule>>;

/// What a clause comes to.
#[derive(Default)]
pub(super) struct KnownRule {
    keys: Vec<AggregateKey>,
    /// `None` of a clause that this version cannot evaluate.
    plan: Option<rules::Plan>,
    /// The tags that it names.
    pub(super) named: BTreeSet<String>,
}

/// Which segments use an aggregate.
pub(super) struct Sharing {
    readers: BTreeMap<AggregateKey, Vec<SegmentTag>>,
}

impl KnownRules {
    /// Returns which of the definitions, without that of `except`, use which aggregates, and name which others.
    pub(super) async fn look_at(
        &self,
        definitions: Arc<Definitions>,
        except: Option<SegmentId>,
    ) -> (Sharing, Dependencies) {
        let known = self.clone();
        // The first time it compiles all of them.
        let looked_at = tokio::task::spawn_blocking(move || {
            let segments = &definitions.segments;
            known.forget_others(segments);
            (known.sharing(segments, except), Dependencies::of(&known, segments, except))
        });
        looked_at.await.unwrap_or_else(|_| (Sharing { readers: BTreeMap::new() }, Dependencies::default()))
    }

    /// Returns which of the definitions name which others.
    pub(crate) async fn dependencies(&self, definitions: Arc<Definitions>) -> Dependencies {
        self.look_at(definitions, None).await.1
    }

    /// Returns which of the rows can decide which of the definitions, also through others that they name.
    pub(super) async fn affected(
        &self,
        definitions: Arc<Definitions>,
        rows: Arc<Vec<RefusedRows>>,
    ) -> HashMap<SegmentId, Vec<RefusedRows>> {
        let known = self.clone();
        // The first time it compiles all of them.
        let looked_at = tokio::task::spawn_blocking(move || known.affected_by(&definitions.segments, &rows));
        looked_at.await.unwrap_or_default()
    }

    fn affected_by(
        &self,
        definitions: &[SegmentDefinition],
        rows: &[RefusedRows],
    ) -> HashMap<SegmentId, Vec<RefusedRows>> {
        let dependencies = Dependencies::of(self, definitions, None);
        let by_tag: BTreeMap<&str, _> =
            definitions.iter().map(|definition| (definition.tag.as_str(), self.of(definition))).collect();
        let affecting = |definition: &SegmentDefinition| {
            let tags = dependencies.reached_from([definition.tag.to_string()]);
            let decided: Vec<_> = tags.iter().filter_map(|tag| by_tag.get(tag.as_str())).collect();
            let decides = |of_kind: &&RefusedRows| decided.iter().any(|rule| rule.reads(&of_kind.kind));
            let rows: Vec<_> = rows.iter().filter(decides).cloned().collect();
            (!rows.is_empty()).then_some((definition.segment_id, rows))
        };
        definitions.iter().filter_map(affecting).collect()
    }

    /// Returns what a definition comes to.
    pub(super) fn of(&self, definition: &SegmentDefinition) -> Arc<KnownRule> {
        let version = (definition.segment_id, definition.version);
        if let Some(known) = self.lock().get(&version) {
            return known.clone();
        }
        let known = Arc::new(KnownRule::of(definition));
        self.lock().insert(version, known.clone());
        known
    }

    fn forget_others(&self, live: &[SegmentDefinition]) {
        let live: BTreeSet<_> = live.iter().map(|definition| (definition.segment_id, definition.version)).collect();
        self.lock().retain(|version, _| live.contains(version));
    }

    fn sharing(&self, definitions: &[SegmentDefinition], except: Option<SegmentId>) -> Sharing {
        let mut readers: BTreeMap<AggregateKey, Vec<SegmentTag>> = BTreeMap::new();
        for definition in definitions.iter().filter(|definition| except != Some(definition.segment_id)) {
            for key in &self.of(definition).keys {
                readers.entry(*key).or_default().push(definition.tag.clone());
            }
        }
        Sharing { readers }
    }

    fn lock(&self) -> MutexGuard<'_, ByVersion> {
        // A panic while it was held left entries that are each true.
        self.by_version.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownRule {
    fn of(definition: &SegmentDefinition) -> Self {
        let Some(rule) = rules::compile(&definition.where_statement).rule else { return Self::default() };
        let plan = rules::plan::plan(&rule).ok();
        let keys = plan.iter().flat_map(|plan| &plan.aggregates).map(rules::AggregateSpec::key).collect();
        Self { keys, plan, named: rule.segments().into_keys().collect() }
    }

    /// Returns whether rows of that kind can decide it.
    fn reads(&self, kind: &RefusedKind) -> bool {
        let Some(plan) = &self.plan else { return true };
        match kind {
            RefusedKind::Event(Some(activity_type)) => plan.reads_events_of(activity_type.as_str()),
            RefusedKind::Event(None) => !plan.aggregates.is_empty(),
            RefusedKind::Traits => plan.reads_traits(),
        }
    }
}

impl Sharing {
    /// Returns the tags of the segments that use an aggregate, in the order of their ids.
    pub(super) fn readers(&self, key: AggregateKey) -> Vec<SegmentTag> {
        self.readers.get(&key).cloned().unwrap_or_default()
    }
}
