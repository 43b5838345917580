//! The engine beside the naive evaluator: whatever is done to the one is checked against the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use engine::{Catalog, Engine, PartitionClock, naive};
use rules::{Rule, compile};
use schema::{
    Cause, Event, EventId, Generation, LogRecord, SegmentChange, SegmentDefinition, SegmentId, SegmentTag,
    SegmentVersion, Timestamp, UserId, is_duplicate_of,
};

/// The engine did something else than the definition of membership says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement(pub String);

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Disagreement {}

/// Makes the first version of a segment; its tag is `segment-ID`.
pub fn definition(segment_id: i64, where_statement: &str) -> SegmentDefinition {
    let tag = SegmentTag::try_from(format!("segment-{segment_id}"));
    SegmentDefinition {
        segment_id: SegmentId(segment_id),
        tag: tag.unwrap_or_else(|problem| unreachable!("{problem}")),
        version: SegmentVersion(1),
        where_statement: where_statement.to_owned(),
    }
}

/// What is kept of a user beside the engine: everything.
#[derive(Clone, Debug, Default)]
struct Known {
    events: Vec<Event>,
    /// What was said: when, and what.
    traits: Vec<(Timestamp, String)>,
    counted_at: BTreeMap<EventId, Timestamp>,
    erased: bool,
    seq: u64,
    members: BTreeSet<SegmentId>,
    evaluated_at: Option<Timestamp>,
}

/// An engine whose every step is checked.
#[derive(Debug)]
pub struct Oracle {
    /// The engine under test.
    pub engine: Engine,
    /// Live, ascending by segment.
    rules: Vec<(SegmentDefinition, Rule)>,
    /// Being absorbed.
    next_rules: Vec<(SegmentDefinition, Rule)>,
    users: BTreeMap<UserId, Known>,
    stored: BTreeMap<UserId, Vec<u8>>,
    /// The state of users who are away.
    away: BTreeMap<UserId, Vec<u8>>,
    log_time: Timestamp,
}

impl Oracle {
    /// Starts with definitions, all of which must compile, and no user.
    pub fn new(definitions: Vec<SegmentDefinition>) -> Result<Self, Disagreement> {
        let rules = compiled(definitions)?;
        let catalog = catalog(1, &rules)?;
        Ok(Self {
            engine: Engine::new(catalog, PartitionClock::default()),
            rules,
            next_rules: Vec::new(),
            users: BTreeMap::new(),
            stored: BTreeMap::new(),
            away: BTreeMap::new(),
            log_time: Timestamp::MIN,
        })
    }

    /// Returns every event that counts, of all users.
    pub fn events(&self) -> Vec<Event> {
        self.users.values().flat_map(|known| known.events.iter().cloned()).collect()
    }

    /// Returns the stored state of every user as of the last restart.
    pub fn stored(&self) -> &BTreeMap<UserId, Vec<u8>> {
        &self.stored
    }

    /// Returns the memberships as the published changes tell them.
    pub fn memberships(&self) -> BTreeMap<UserId, BTreeSet<SegmentId>> {
        self.users.iter().map(|(user_id, known)| (*user_id, known.members.clone())).collect()
    }

    /// Returns every instant in between at which something could flip by itself, and its neighbours.
    pub fn candidates(&self, after: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let pairs = self.users.values().flat_map(|known| self.rules.iter().map(move |(_, rule)| (known, rule)));
        // What is compared with `now()` may also be when something was first said, or a trait that is a time.
        let all = pairs.flat_map(|(known, rule)| {
            let said = known.traits.iter().flat_map(|(at, text)| [*at].into_iter().chain(times_in(text)));
            naive::next_candidates_of(rule, &known.events, said)
        });
        all.filter(|instant| *instant > after && *instant <= until).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Applies a record and checks what it did.
    pub fn apply(&mut self, record: &LogRecord, now: Timestamp) -> Result<Vec<SegmentChange>, Disagreement> {
        self.bring_back(record.user_id())?;
        let applied = self.engine.apply(record, now);
        let now = self.engine.clock().now;
        let (by_time, by_record): (Vec<_>, Vec<_>) =
            applied.changes.iter().cloned().partition(|change| change.cause == Cause::Time);
        // Time passed before the record came.
        self.follow(&by_time)?;
        let skipped = self.remember(record);
        if applied.skipped.map(engine::SkipReason::as_str) != skipped {
            return Err(Disagreement(format!("skipped because of {:?}, expected {skipped:?}", applied.skipped)));
        }
        self.follow(&by_record)?;
        self.check_user(record.user_id(), now)?;
        Ok(applied.changes)
    }

    /// Moves the clock and checks what time alone did.
    pub fn advance(&mut self, now: Timestamp) -> Result<Vec<SegmentChange>, Disagreement> {
        let mut changes = self.engine.fire_due(now, usize::MAX);
        while let Some(user_id) = self.engine.waits_for(now) {
            self.bring_back(user_id)?;
            changes.extend(self.engine.fire_due(now, usize::MAX));
        }
        self.follow(&changes)?;
        if self.engine.next_deadline().is_some_and(|deadline| deadline <= now) {
            return Err(Disagreement(format!("a deadline at or before {now} is left")));
        }
        self.check(now)?;
        Ok(changes)
    }

    /// Switches to other definitions, with the whole history absorbed, and checks the difference.
    pub fn define(
        &mut self,
        definitions: Vec<SegmentDefinition>,
        now: Timestamp,
    ) -> Result<Vec<SegmentChange>, Disagreement> {
        self.begin(definitions)?;
        let events = self.events();
        events.iter().for_each(|event| self.engine.absorb(event));
        self.switch(now)
    }

    /// Begins to absorb for other definitions; absorbing the events is up to the caller.
    pub fn begin(&mut self, definitions: Vec<SegmentDefinition>) -> Result<(), Disagreement> {
        for user_id in self.engine.away().collect::<Vec<_>>() {
            self.bring_back(user_id)?;
        }
        let rules = compiled(definitions)?;
        let generation = self.engine.catalog().generation().0 + 1;
        self.engine.begin_absorbing(catalog(generation, &rules)?);
        self.next_rules = rules;
        Ok(())
    }

    /// Switches to the definitions of `begin` and checks the difference.
    pub fn switch(&mut self, now: Timestamp) -> Result<Vec<SegmentChange>, Disagreement> {
        let changes = self.engine.switch_catalog(now);
        let (by_time, by_switch): (Vec<_>, Vec<_>) =
            changes.iter().cloned().partition(|change| change.cause == Cause::Time);
        self.follow(&by_time)?;
        self.rules = std::mem::take(&mut self.next_rules);
        self.follow(&by_switch)?;
        self.check(self.engine.clock().now)?;
        Ok(changes)
    }

    /// Stores what changed and goes on with an engine that is loaded from what was stored.
    pub fn restart(&mut self) -> Result<(), Disagreement> {
        self.stored.extend(self.engine.take_dirty());
        let mut next = Engine::new(Arc::clone(self.engine.catalog()), self.engine.clock());
        for (user_id, state) in &self.stored {
            next.load_user(*user_id, state).map_err(|error| Disagreement(error.to_string()))?;
        }
        self.engine = next;
        self.away.clear();
        Ok(())
    }

    /// Stores what changed and takes every user away, until the next record or deadline of theirs.
    pub fn take_all_away(&mut self) {
        self.stored.extend(self.engine.take_dirty());
        for user_id in self.users.keys() {
            if let Some(state) = self.engine.take_away(*user_id) {
                self.away.insert(*user_id, state);
            }
        }
    }

    fn bring_back(&mut self, user_id: UserId) -> Result<(), Disagreement> {
        if !self.engine.is_away(user_id) {
            return Ok(());
        }
        let state = self.away.remove(&user_id).ok_or_else(|| Disagreement(format!("user {user_id} is nowhere")))?;
        self.engine.load_user(user_id, &state).map_err(|error| Disagreement(error.to_string()))
    }

    /// Checks that every user is in exactly the segments that the naive evaluator says.
    pub fn check(&self, now: Timestamp) -> Result<(), Disagreement> {
        self.users.keys().try_for_each(|user_id| self.check_user(*user_id, now))
    }

    fn check_user(&self, user_id: UserId, now: Timestamp) -> Result<(), Disagreement> {
        let Some(known) = self.users.get(&user_id) else { return Ok(()) };
        let expected: Vec<SegmentId> = self.naive_members(known, now).into_iter().collect();
        if self.engine.is_away(user_id) {
            let wrong = || Disagreement(format!("user {user_id} is away at {now}, should be in {expected:?}"));
            return known.members.iter().eq(&expected).then_some(()).ok_or_else(wrong);
        }
        let found = self.engine.segments_of(user_id).unwrap_or_default();
        if found != expected {
            return Err(Disagreement(format!("user {user_id} at {now} is in {found:?}, should be in {expected:?}")));
        }
        if !found.iter().eq(&known.members) {
            return Err(Disagreement(format!("changes of user {user_id} tell {:?}, is in {found:?}", known.members)));
        }
        Ok(())
    }

    /// Returns the segments that a user should be in: again and again, until nothing that depends on
    /// others changes.
    fn naive_members(&self, known: &Known, now: Timestamp) -> BTreeSet<SegmentId> {
        let mut members = BTreeSet::new();
        loop {
            let is_in = |definition: &&SegmentDefinition| members.contains(&definition.segment_id);
            let definitions = self.rules.iter().map(|(definition, _)| definition);
            let segments: Vec<String> =
                definitions.filter(is_in).map(|definition| definition.tag.to_string()).collect();
            let person = naive::Person { events: &known.events, traits: &known.traits, segments: &segments };
            let holds = |(_, rule): &&(SegmentDefinition, Rule)| naive::is_member_of(rule, &person, now);
            let next = self.rules.iter().filter(holds).map(|(definition, _)| definition.segment_id).collect();
            if next == members {
                return members;
            }
            members = next;
        }
    }

    /// Keeps what counts, and returns why a record does not.
    fn remember(&mut self, record: &LogRecord) -> Option<&'static str> {
        self.log_time = self.log_time.max(record.received_at());
        let known = self.users.entry(record.user_id()).or_default();
        if known.erased {
            return Some("user_deleted");
        }
        match record {
            LogRecord::Deletion(_) => {
                known.erased = true;
                known.events.clear();
                known.traits.clear();
            }
            LogRecord::Traits(said) => known.traits.push((said.created_at, said.traits.as_str().to_owned())),
            LogRecord::Event(event) => {
                let counted_at = known.counted_at.get(&event.event_id);
                if counted_at.is_some_and(|counted_at| is_duplicate_of(*counted_at, self.log_time)) {
                    return Some("duplicate");
                }
                known.counted_at.insert(event.event_id, self.log_time);
                known.events.push(event.clone());
            }
        }
        None
    }

    /// Folds changes, and checks each of them by itself.
    fn follow(&mut self, changes: &[SegmentChange]) -> Result<(), Disagreement> {
        changes.iter().try_for_each(|change| self.follow_one(change))
    }

    fn follow_one(&mut self, change: &SegmentChange) -> Result<(), Disagreement> {
        let wrong = |what: &str| Err(Disagreement(format!("{what}: {change:?}")));
        self.check_instant(change)?;
        let known = self.users.entry(change.user_id).or_default();
        let (entered, left) = (&change.in_segments, &change.out_segments);
        if entered.is_empty() && left.is_empty() {
            return wrong("a change of nothing");
        }
        if change.seq != known.seq + 1 {
            return wrong("a gap in the sequence");
        }
        if known.evaluated_at.is_some_and(|before| before > change.evaluated_at) {
            return wrong("a change before its predecessor");
        }
        if !entered.iter().all(|id| known.members.insert(*id)) || !left.iter().all(|id| known.members.remove(id)) {
            return wrong("entered twice or left without being in");
        }
        if !change.segments.iter().eq(&known.members) || !entered.is_sorted() || !left.is_sorted() {
            return wrong("not the segments after the change");
        }
        if !change.definition_versions.keys().eq(entered.iter().chain(left).collect::<BTreeSet<_>>()) {
            return wrong("not the versions of exactly the segments that changed");
        }
        known.seq = change.seq;
        known.evaluated_at = Some(change.evaluated_at);
        Ok(())
    }

    /// What time alone changed must be true since exactly that microsecond.
    fn check_instant(&self, change: &SegmentChange) -> Result<(), Disagreement> {
        let Some(known) = self.users.get(&change.user_id).filter(|_| change.cause == Cause::Time) else {
            return Ok(());
        };
        let members = |instant| self.naive_members(known, instant);
        let (were, are) = (members(change.evaluated_at.plus_micros(-1)), members(change.evaluated_at));
        for (definition, _) in &self.rules {
            let entered = change.in_segments.contains(&definition.segment_id);
            if !entered && !change.out_segments.contains(&definition.segment_id) {
                continue;
            }
            let is_in = |members: &BTreeSet<SegmentId>| members.contains(&definition.segment_id);
            let (before, after) = (is_in(&were), is_in(&are));
            if (before, after) != (!entered, entered) {
                return Err(Disagreement(format!("was {before} before and {after} at the instant of {change:?}")));
            }
        }
        Ok(())
    }
}

/// Returns the times that an object's values are.
fn times_in(object: &str) -> Vec<Timestamp> {
    let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(object).unwrap_or_default();
    values.values().filter_map(|value| Timestamp::parse(value.as_str()?).ok()).collect()
}

fn compiled(definitions: Vec<SegmentDefinition>) -> Result<Vec<(SegmentDefinition, Rule)>, Disagreement> {
    let one = |definition: SegmentDefinition| {
        let compiled = compile(&definition.where_statement);
        let refused = || Disagreement(format!("`{}`: {:?}", definition.where_statement, compiled.diagnostics));
        let rule = compiled.rule.clone().ok_or_else(refused)?;
        Ok((definition, rule))
    };
    let mut rules: Vec<_> = definitions.into_iter().map(one).collect::<Result<_, _>>()?;
    rules.sort_by_key(|(definition, _)| definition.segment_id);
    Ok(rules)
}

fn catalog(generation: u64, rules: &[(SegmentDefinition, Rule)]) -> Result<Arc<Catalog>, Disagreement> {
    let frozen = Catalog::of_rules(Generation(generation), rules.to_vec());
    frozen.map(Arc::new).map_err(|error| Disagreement(format!("{error}: {:?}", error.diagnostics)))
}
