//! Random clauses over random histories: whoever comes out of the fold is whom the naive evaluator names, and so is
//! whom a real Databend selects by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::naive::{Person, is_member_of};
use rules::Rule;
use schema::{Event, EventId, LogRecord, Offset, PartitionId, SegmentDefinition, Timestamp, UserId, partition_of};
use testkit::servers::{DatabendServer, or_not_run};
use testkit::{History, Input, Random, clause, clause_on_pairs, clause_on_user, definition, for_each_seed};
use tokio::runtime::Runtime;
use uuid::Uuid;
use warehouse::databend::{DatabendOptions, DatabendWarehouse};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{Selection, Warehouse, WriteBatch};

use super::fold::Folder;
use super::question::Question;
use super::tally::Tally;

const PARTITIONS: u16 = 3;
const USERS: i64 = 8;
/// More than there are users: all of them are named.
const SAMPLE: usize = 100;
const SEEDS: u64 = 25;
const SEEDS_ON_DATABEND: u64 = 4;

/// What is known of a user.
#[derive(Default)]
struct Known {
    events: BTreeMap<EventId, Event>,
    said: Vec<(Timestamp, String)>,
    is_deleted: bool,
}

#[derive(Default)]
struct World {
    users: BTreeMap<UserId, Known>,
    by_partition: BTreeMap<PartitionId, Vec<LogRecord>>,
    now: Timestamp,
}

impl World {
    fn live(seed: u64) -> Self {
        let mut world = Self::default();
        for input in History::new(seed, USERS).saying_things().inputs(120) {
            match input {
                Input::Record(record, now) => {
                    world.now = now;
                    world.take(record);
                }
                Input::Advance(now) => world.now = now,
                Input::Restart => {}
            }
        }
        world
    }

    fn take(&mut self, record: LogRecord) {
        let known = self.users.entry(record.user_id()).or_default();
        match &record {
            _ if known.is_deleted => {}
            LogRecord::Event(event) => drop(known.events.entry(event.event_id).or_insert_with(|| event.clone())),
            LogRecord::Traits(said) => known.said.push((said.created_at, said.traits.as_str().to_owned())),
            LogRecord::Deletion(_) => *known = Known { is_deleted: true, ..Known::default() },
        }
        self.by_partition.entry(partition_of(record.user_id(), PARTITIONS)).or_default().push(record);
    }

    async fn write(&self, warehouse: &dyn Warehouse) {
        self.write_behind(warehouse, &[0; PARTITIONS as usize]).await;
    }

    async fn write_behind(&self, warehouse: &dyn Warehouse, positions: &[Offset]) {
        for (partition, records) in &self.by_partition {
            let from = positions[usize::from(partition.0)];
            let next = from + records.len() as u64;
            let records = (from..).zip(records.iter().cloned()).collect();
            warehouse.write(WriteBatch { partition: *partition, from, next, records }).await.unwrap();
        }
    }

    /// Counts by the naive evaluator; `others` may each name those before it.
    fn counted(&self, asked: &Rule, others: &[(SegmentDefinition, Rule)]) -> Tally {
        let mut tally = Tally::default();
        for (user_id, known) in &self.users {
            let events: Vec<Event> = known.events.values().cloned().collect();
            if events.is_empty() {
                continue;
            }
            let mut segments = Vec::new();
            for (definition, rule) in others {
                let person = Person { events: &events, traits: &known.said, segments: &segments };
                if is_member_of(rule, &person, self.now) {
                    segments.push(definition.tag.to_string());
                }
            }
            let person = Person { events: &events, traits: &known.said, segments: &segments };
            let is_live = others.last().is_some_and(|(live, _)| segments.contains(&live.tag.to_string()));
            tally.take(*user_id, is_member_of(asked, &person, self.now), is_live, SAMPLE);
        }
        tally
    }
}

/// Returns a clause that compiles; it may name segments.
fn random_clause(random: &mut Random, tags: &[String]) -> (String, Rule) {
    loop {
        let text = match random.below(4) {
            0 => clause(random),
            1 => clause_on_pairs(random),
            2 => format!("rollout({}, 'preview') AND ({})", random.below(101), clause(random)),
            _ => clause_on_user(random, tags),
        };
        if let Some(rule) = rules::compile(&text).rule {
            return (text, rule);
        }
    }
}

fn random_definitions(random: &mut Random) -> Vec<(SegmentDefinition, Rule)> {
    let mut definitions = Vec::new();
    let mut tags = Vec::new();
    for segment_id in 1..=3 {
        let (text, rule) = random_clause(random, &tags);
        let definition = definition(segment_id, &text);
        tags.push(definition.tag.to_string());
        definitions.push((definition, rule));
    }
    definitions
}

/// A clause, and what it is compared with.
struct Asked {
    text: String,
    rule: Rule,
    others: Vec<(SegmentDefinition, Rule)>,
    question: Question,
}

impl Asked {
    fn random(random: &mut Random) -> Self {
        let others = random_definitions(random);
        let tags: Vec<String> = others.iter().map(|(definition, _)| definition.tag.to_string()).collect();
        // It may become the next version of the last one, which it cannot name.
        let (text, rule) = random_clause(random, &tags[..2]);
        let definitions: Vec<_> = others.iter().map(|(definition, _)| definition.clone()).collect();
        let live = others.last().map(|(definition, _)| definition.segment_id);
        let question = Question::new(&text, live, definitions).unwrap();
        Self { text, rule, others, question }
    }

    fn check(&self, world: &World, found: &Tally) -> BTreeSet<&'static str> {
        let Self { text, rule, others, question } = self;
        let expected = world.counted(rule, others);
        assert_eq!(*found, expected, "{text}\nbeside {others:#?}\nat {}", world.now);
        let seen = [
            (expected.entering.size > 0, "entering"),
            (expected.leaving.size > 0, "leaving"),
            (expected.members.size > 0 && expected.live > 0, "staying"),
            (question.reads_traits, "traits"),
            (!rule.segments().is_empty(), "segments"),
        ];
        seen.into_iter().filter_map(|(is_seen, what)| is_seen.then_some(what)).collect()
    }
}

async fn check_fold(seed: u64) -> BTreeSet<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = EmbeddedWarehouse::open(folder.path(), PARTITIONS).unwrap();
    let world = World::live(seed);
    world.write(&warehouse).await;
    let mut random = Random::new(seed);
    let mut seen = BTreeSet::new();
    for _ in 0..6 {
        let asked = Asked::random(&mut random);
        let mut folder = Folder::new(&warehouse, &asked.question, world.now, SAMPLE);
        // Of a partition, too, not all of the users fit.
        folder.users_at_once = random.pick(&[1, 2, 100]);
        let folded = folder.fold(warehouse.positions().await.unwrap()).await.unwrap();
        seen.extend(asked.check(&world, &folded.tally));
    }
    seen
}

/// Asks a Databend by itself, at positions that it is past by now.
async fn check_select(seed: u64, dsn: &str) {
    let warehouse = DatabendWarehouse::new(DatabendOptions::parse(dsn).unwrap(), PARTITIONS).unwrap();
    let mut world = World::live(seed);
    world.write(&warehouse).await;
    let positions = warehouse.positions().await.unwrap();
    let known = world.users.len() as i64;
    let later =
        |number: i64| Event::new(EventId(Uuid::from_u128(number as u128)), UserId(known + number), "late", world.now);
    let later = (1..=USERS).map(|number| LogRecord::Event(later(number)));
    let mut late = World::default();
    later.for_each(|record| late.take(record));
    late.write_behind(&warehouse, &positions).await;
    world.users.retain(|_, known| !known.events.is_empty());
    let mut random = Random::new(seed);
    let mut asked_for = 0;
    while asked_for < 4 {
        let asked = Asked::random(&mut random);
        let Some((query, other)) = asked.question.rendered(world.now) else { continue };
        asked_for += 1;
        let (positions, timeout) = (positions.clone(), Duration::from_secs(60));
        let selection = Selection { positions, asked: query, other, named: SAMPLE, timeout };
        let selections = warehouse.select(&selection).await.unwrap().expect("Databend answers");
        assert_eq!(selections.events, world.users.values().map(|known| known.events.len() as u64).sum::<u64>());
        asked.check(&world, &Tally::of(&selections, SAMPLE));
    }
}

#[test]
fn whoever_comes_out_is_whom_the_naive_evaluator_names() {
    let seen = std::sync::Mutex::new(BTreeSet::new());
    let runtime = runtime();
    for_each_seed(SEEDS, |seed| seen.lock().unwrap().extend(runtime.block_on(check_fold(seed))));
    if std::env::var_os("SHOAL_SEED").is_none() {
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 5, "not everything occurred: {seen:?}");
    }
}

#[test]
fn whom_databend_selects_is_whom_the_naive_evaluator_names() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let runtime = runtime();
    for_each_seed(SEEDS_ON_DATABEND, |seed| runtime.block_on(check_select(seed, &server.database())));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
