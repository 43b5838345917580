//! Directories that are started, interrupted, killed, stopped, copied, mixed and robbed at random: what
//! the marks say of their parts against what is in the parts.
//!
//! A record that a run accepts is in the store and in the log, and the history has the first so many of
//! the log's. So parts belong together when store and log hold the same and the history begins as
//! they do. Of a directory that nobody put a hand to, that is always so, and it must start;
//! one whose parts do not belong together must not.

use std::cell::RefCell;

use schema::{HistoryLineage, LogLineage, Mark, StoreLineage};
use testkit::{Random, for_each_seed};
use uuid::Uuid;

use super::marks::{self, Seen, Step, Turn};
use super::refusal::{Names, Refusal};

/// Of all sequences; a second of an unoptimised build.
const SEQUENCES: u64 = 3_000;
const OPERATIONS: usize = 60;
/// Steps of a start on parts that are all marked already: store, log, store, history.
const ALL: usize = 4;
/// Of those, the ones after which a copy that was made while it ran is known.
const SEALED: usize = 3;

type Records = Vec<u32>;

/// One directory.
#[derive(Clone, Debug, Default)]
struct Directory {
    store: (Option<StoreLineage>, Records),
    log: (Option<LogLineage>, Records),
    history: (Option<HistoryLineage>, Records),
    /// Made by a version without marks, and not started since: only contents can tell.
    is_unmarked: bool,
}

impl Directory {
    /// As a version left it that only counted starts.
    fn counted(starts: u64, is_interrupted: bool, records: u32) -> Self {
        let installation = Uuid::from_u128(1);
        let records: Records = (0..records).collect();
        let pending = Some(Mark::of_counted_start(starts));
        let confirmed = (starts > 1).then(|| Mark::of_counted_start(starts - 1));
        let in_log = if is_interrupted { starts - 1 } else { starts };
        let log = (in_log > 0).then(|| LogLineage {
            installation,
            starts: in_log,
            mark: Mark::of_counted_start(in_log),
            earlier: Vec::new(),
        });
        Self {
            store: (Some(StoreLineage { installation, starts, confirmed, pending }), records.clone()),
            history: (None, records[..records.len() / 2].to_vec()),
            log: (log, records),
            is_unmarked: true,
        }
    }

    /// As a version left it that knew nothing of this.
    fn unmarked(records: u32) -> Self {
        let records: Records = (0..records).collect();
        Self {
            store: (None, records.clone()),
            history: (None, records.clone()),
            log: (None, records),
            is_unmarked: true,
        }
    }

    fn belongs_together(&self) -> bool {
        self.store.1 == self.log.1 && self.log.1.starts_with(&self.history.1)
    }

    fn see(&self) -> Seen {
        Seen {
            store: self.store.0.clone(),
            log: self.log.0.clone(),
            history: self.history.0.clone(),
            written: vec![self.history.1.len() as u64],
            ends: vec![self.log.1.len() as u64],
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        let names = Names { store: "S".to_owned(), log: "L".to_owned(), history: "H".to_owned() };
        marks::check_installation(&self.see(), &names)?;
        marks::check_history(&self.see(), &names)?;
        marks::check(&self.see(), &names)
    }

    /// Takes the first so many steps; returns whether those are all.
    fn mark(&mut self, turn: Turn, steps: usize) -> bool {
        let all = marks::steps(&self.see(), Mark::draw(), turn);
        let is_done = steps >= all.len();
        for step in all.into_iter().take(steps) {
            match step {
                Step::Store(lineage) => self.store.0 = Some(lineage),
                Step::Log(lineage) => self.log.0 = Some(lineage),
                Step::History(lineage) => self.history.0 = Some(lineage),
            }
        }
        self.is_unmarked &= !is_done;
        is_done
    }

    /// Puts one or two parts of another directory here, or loses them.
    fn mixed(&self, other: &Self, random: &mut Random) -> Self {
        let mut mixed = self.clone();
        let which = 1 + random.below(6);
        if which & 1 != 0 {
            mixed.store.clone_from(&other.store);
        }
        if which & 2 != 0 {
            mixed.log.clone_from(&other.log);
        }
        if which & 4 != 0 {
            mixed.history.clone_from(&other.history);
        }
        mixed
    }
}

/// What was tried in all sequences: a test of nothing must not pass.
#[derive(Clone, Copy, Default, Debug)]
struct Tried {
    sequences: u64,
    runs: u64,
    interrupted: u64,
    mixed_and_right: u64,
    mixed_and_wrong: u64,
}

/// Directories that are at rest, and copies of them.
struct World {
    random: Random,
    directories: Vec<Directory>,
    copies: Vec<Directory>,
    next_record: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let first = match random.below(4) {
            0 => Directory::default(),
            1 => Directory::unmarked(6),
            2 => Directory::counted(1 + random.below(3) as u64, false, 6),
            // Of an interrupted first start nothing is there yet.
            _ => match random.below(3) {
                0 => Directory::counted(1, true, 0),
                starts => Directory::counted(1 + starts as u64, true, 6),
            },
        };
        // The empty one: what is lost.
        let copies = vec![Directory::default()];
        Self { random, directories: vec![first, Directory::default()], copies, next_record: 100 }
    }

    /// Starts it as far as it comes; when it comes up, accepts records and ends.
    fn start(&mut self, index: usize, counts: &mut Tried) {
        let steps = self.random.below(8);
        self.directories[index].check().expect("nobody put a hand to it");
        if !self.directories[index].mark(Turn::Start, steps) {
            counts.interrupted += 1;
            return;
        }
        counts.runs += 1;
        self.run(index);
        let while_it_ran = self.directories[index].clone();
        self.run(index);
        let steps = self.random.below(7);
        if steps > 0 {
            self.directories[index].check().expect("nobody put a hand to it while it ran");
            self.directories[index].mark(Turn::Stop, steps);
        }
        if steps >= SEALED {
            self.copies.push(while_it_ran);
        }
    }

    fn run(&mut self, index: usize) {
        let directory = &mut self.directories[index];
        for _ in 0..self.random.below(3) {
            directory.store.1.push(self.next_record);
            directory.log.1.push(self.next_record);
            self.next_record += 1;
        }
        let written = directory.history.1.len();
        let more = self.random.below(directory.log.1.len() - written + 1);
        directory.history.1.extend_from_slice(&directory.log.1[written..written + more]);
    }

    /// Mixes parts: what is accepted belongs together, and goes on.
    fn mix(&mut self, index: usize, counts: &mut Tried) {
        if self.directories[index].is_unmarked {
            return;
        }
        let other = self.random.below(self.copies.len());
        let mixed = self.directories[index].mixed(&self.copies[other], &mut self.random);
        if mixed.belongs_together() {
            counts.mixed_and_right += 1;
        } else {
            counts.mixed_and_wrong += 1;
        }
        if mixed.check().is_ok() {
            assert!(mixed.belongs_together(), "accepted: {mixed:#?}");
            self.directories[index] = mixed;
        }
    }

    fn operate(&mut self, counts: &mut Tried) {
        let index = self.random.below(self.directories.len());
        match self.random.below(8) {
            0..4 => self.start(index, counts),
            4 if !self.directories[index].is_unmarked => self.copies.push(self.directories[index].clone()),
            // The whole of it, to go on by itself.
            5 if self.directories.len() < 4 => self.directories.push(self.directories[index].clone()),
            _ => self.mix(index, counts),
        }
    }
}

#[test]
fn whatever_happened_a_directory_starts_when_nobody_mixed_it_and_is_refused_when_records_would_be_lost() {
    let counts = RefCell::new(Tried::default());
    for_each_seed(SEQUENCES, |seed| {
        let mut world = World::new(seed);
        (0..OPERATIONS).for_each(|_| world.operate(&mut counts.borrow_mut()));
        counts.borrow_mut().sequences += 1;
    });
    let counts = counts.into_inner();
    let Tried { sequences, runs, interrupted, mixed_and_right, mixed_and_wrong } = counts;
    if sequences == SEQUENCES {
        assert!(
            [runs, interrupted, mixed_and_right, mixed_and_wrong].iter().all(|count| *count > sequences),
            "{counts:?}"
        );
    }
}

/// Starts that are interrupted after every number of steps, twice in a row, then one that is not.
#[test]
fn two_starts_that_are_interrupted_anywhere_leave_a_directory_that_starts() {
    for first in
        [Directory::default(), Directory::unmarked(4), Directory::counted(1, true, 0), Directory::counted(3, false, 4)]
    {
        for (one, two) in (0..=ALL + 1).flat_map(|one| (0..=ALL + 1).map(move |two| (one, two))) {
            let mut directory = first.clone();
            for steps in [one, two, usize::MAX] {
                directory.check().unwrap_or_else(|error| panic!("{first:?} after {one} and {two} steps: {error}"));
                directory.mark(Turn::Start, steps);
            }
            directory.check().unwrap();
        }
    }
}

#[test]
fn a_history_that_is_behind_by_many_interrupted_starts_is_still_its_own() {
    let mut directory = Directory::counted(2, false, 4);
    directory.mark(Turn::Start, usize::MAX);
    for _ in 0..1_000 {
        // All but the last step.
        directory.mark(Turn::Start, ALL - 1);
    }
    directory.check().unwrap();
    assert!(directory.log.0.is_some_and(|log| log.earlier.len() < 200), "what is kept is bounded");
}

/// The parts of a directory after two starts, each with a record, and copies of both rests.
fn rests() -> [Directory; 3] {
    let mut directory = Directory::default();
    let mut rests = Vec::new();
    for record in 0..3 {
        directory.mark(Turn::Start, usize::MAX);
        directory.store.1.push(record);
        directory.log.1.push(record);
        directory.history.1.clone_from(&directory.log.1);
        rests.push(directory.clone());
    }
    rests.try_into().unwrap()
}

#[track_caller]
fn check_refused(directory: &Directory, told: &str) {
    let refusal = directory.check().unwrap_err().to_string();
    assert!(refusal.starts_with(told), "{refusal}");
}

#[test]
fn what_is_older_is_named() {
    let [older, rest, _] = rests();
    let log_and_history = Directory { store: rest.store.clone(), ..older.clone() };
    check_refused(&log_and_history, "L is older than S: the log counts 1 starts, the store 2");
    let store = Directory { store: older.store.clone(), ..rest.clone() };
    check_refused(&store, "S is older than L: the log counts 2 starts, the store 1");
    let no_log = Directory { log: (None, vec![]), history: (None, vec![]), ..rest.clone() };
    check_refused(&no_log, "L is older than S: it was never started with that");
    let no_store = Directory { store: (None, vec![]), ..rest.clone() };
    check_refused(&no_store, "S is older than L");
    let only_history = Directory { store: (None, vec![]), log: (None, vec![]), ..rest.clone() };
    check_refused(&only_history, "L is older than S: it is empty");
    let own_history = Directory { history: older.history, ..rest };
    own_history.check().unwrap();
}

#[test]
fn parts_that_went_on_by_themselves_are_told_apart() {
    let [older, rest, _] = rests();
    let mut other = older;
    other.mark(Turn::Start, usize::MAX);
    other.store.1.push(9);
    other.log.1.push(9);
    other.history.1.push(9);
    let store = Directory { store: other.store, ..rest.clone() };
    check_refused(&store, "S and L were not last used together: the log counts 2 starts, the store 2");
    let history = Directory { history: other.history, ..rest.clone() };
    check_refused(&history, "H and L were not last used together");
    let [stranger, ..] = rests();
    check_refused(&Directory { store: stranger.store, ..rest.clone() }, "S and L belong to different installations");
    check_refused(
        &Directory { history: stranger.history, ..rest.clone() },
        "H and L belong to different installations",
    );
    let unmarked = Directory { history: (None, vec![7]), ..rest };
    check_refused(&unmarked, "H and L were not last used together");
}
