//! One measured run of the engine: the workload through one engine per core.
//!
//! Events are made in small batches outside of the measured time. Every event comes at its own
//! instant: the clock is moved to it, every deadline up to there fires, then it is applied. A first pass
//! measures events that are decoded already, and the memory that the users take; a second one decodes
//! the log's JSON first, and takes the time of each single event.

use std::collections::VecDeque;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use engine::{AHEAD, Catalog, Engine, PartitionClock};
use schema::{
    Definitions, Generation, LogRecord, SegmentChange, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion,
    Timestamp, UserId, partition_of,
};
use serde::{Deserialize, Serialize};

use crate::events::{END, Events, Sent};
use crate::memory::{held_bytes, resident_bytes};
use crate::rules::Condition;
use crate::spread::Spread;

/// How many of a core's events are given at a time: few enough to stay in the nearest caches, as what a
/// decoder hands over does.
const BATCH: usize = 512;
/// No event took longer than its thread had a core while it and its neighbours, so many together, were decoded and
/// applied; what was longer is the time that another process had the core. Asking for each event would take longer
/// than the event.
const BOUNDED_TOGETHER: usize = 32;
/// How many are drawn at a time: so many that what the drawing leaves in the caches does not matter.
const DRAWN: usize = 1 << 16;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) events: u64,
    pub(crate) users: u64,
    pub(crate) seed: u64,
    pub(crate) cores: u16,
    pub(crate) decoded_only: bool,
}

/// What was measured, and who is a member at the end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Per core.
    pub(crate) events_per_s: f64,
    /// Per core, with decoding the log's JSON.
    pub(crate) events_per_s_json: f64,
    /// Per second of one core's time that this process had: what it would be without other load.
    pub(crate) events_per_cpu_s: f64,
    /// Memberships entered and left, per core and second of the first pass.
    pub(crate) changes_per_s: f64,
    /// What the engines have allocated, at the end.
    pub(crate) bytes_per_user: f64,
    /// By how much the process has grown.
    pub(crate) resident_bytes_per_user: f64,
    pub(crate) p99_ns: u64,
    pub(crate) max_ns: u64,
    /// By rule.
    pub(crate) members: Vec<Members>,
}

/// Who is in a segment, in short.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Members {
    pub(crate) count: u64,
    /// The sum of the user ids.
    pub(crate) ids: u64,
}

/// What one core did in one pass.
struct Pass {
    engine: Engine,
    events: u64,
    flips: u64,
    busy: Duration,
    computing: Duration,
    /// What its engine has allocated.
    bytes: i64,
    spread: Spread,
}

/// Freezes the rules as segments 1, 2, ….
fn catalog(rules: &[Condition]) -> anyhow::Result<Arc<Catalog>> {
    let segments = (1..).zip(rules).map(|(id, rule)| {
        Ok(SegmentDefinition {
            segment_id: SegmentId(id),
            tag: SegmentTag::try_from(format!("rule-{id}")).map_err(anyhow::Error::msg)?,
            version: SegmentVersion(1),
            where_statement: rule.clause(),
        })
    });
    let segments = segments.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Arc::new(Catalog::freeze(&Definitions { generation: Generation(1), segments }).context("freezing the rules")?))
}

/// Measures the rules.
pub(crate) fn measure(run: Run, rules: &[Condition]) -> anyhow::Result<Measured> {
    let catalog = catalog(rules)?;
    let (decoded, resident_bytes) = on_every_core(run, &catalog, Pass::take_decoded)?;
    let members = members(run, rules.len(), &decoded);
    let users: usize = decoded.iter().map(|pass| pass.engine.user_count()).sum();
    let bytes_per_user = decoded.iter().map(|pass| pass.bytes).sum::<i64>() as f64 / users.max(1) as f64;
    let computing: f64 = decoded.iter().map(|pass| pass.computing.as_secs_f64()).sum();
    let events_per_cpu_s = run.events as f64 / computing;
    let (events_per_s, changes_per_s) = (rate(&decoded, |pass| pass.events), rate(&decoded, |pass| pass.flips));
    drop(decoded);
    let json_events = if run.decoded_only { 0 } else { run.events };
    let (from_json, _) = on_every_core(Run { events: json_events, ..run }, &catalog, Pass::take_json)?;
    let mut spread = Spread::default();
    from_json.iter().for_each(|pass| spread.join(&pass.spread));
    Ok(Measured {
        events_per_s,
        events_per_cpu_s,
        events_per_s_json: rate(&from_json, |pass| pass.events),
        changes_per_s,
        bytes_per_user,
        resident_bytes_per_user: resident_bytes as f64 / users.max(1) as f64,
        p99_ns: spread.quantile(0.99),
        max_ns: spread.greatest(),
        members,
    })
}

/// Returns how many per core and second.
fn rate(passes: &[Pass], of: impl Fn(&Pass) -> u64) -> f64 {
    let busy: f64 = passes.iter().map(|pass| pass.busy.as_secs_f64()).sum();
    passes.iter().map(of).sum::<u64>() as f64 / busy
}

/// Runs a pass on all cores at once; returns also by how many bytes the process grew meanwhile.
fn on_every_core(
    run: Run,
    catalog: &Arc<Catalog>,
    take: fn(&mut Pass, &[LogRecord]),
) -> anyhow::Result<(Vec<Pass>, u64)> {
    let ready = Barrier::new(usize::from(run.cores) + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..run.cores)
            .map(|core| {
                let ready = &ready;
                scope.spawn(move || pass(run, core, catalog, take, ready))
            })
            .collect();
        ready.wait();
        let before = resident_bytes();
        // What follows waits for this: the first batches are made, no user is.
        ready.wait();
        let ended = |_| resident_bytes();
        ready.wait();
        let after = ended(());
        ready.wait();
        let passes: Result<Vec<Pass>, _> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        let passes = passes.map_err(|_| anyhow::anyhow!("a measuring thread panicked"))?;
        Ok((passes, after?.saturating_sub(before?)))
    })
}

fn pass(run: Run, core: u16, catalog: &Arc<Catalog>, take: fn(&mut Pass, &[LogRecord]), ready: &Barrier) -> Pass {
    let mut source = Source::new(run, core);
    let mut batch = Vec::with_capacity(BATCH);
    let before = held_bytes();
    let mut pass = Pass::new(catalog);
    source.fill(&mut batch);
    ready.wait();
    ready.wait();
    while !batch.is_empty() {
        take(&mut pass, &batch);
        pass.events += batch.len() as u64;
        source.fill(&mut batch);
    }
    pass.end();
    pass.bytes = held_bytes() - before;
    ready.wait();
    ready.wait();
    pass
}

/// One core's share of the events.
struct Source {
    run: Run,
    core: u16,
    events: Events,
    /// The greatest `created_at` so far.
    received_at: Timestamp,
    /// Of this core, in order, the last one first, and when they are received.
    drawn: Vec<(Sent, Timestamp)>,
}

impl Source {
    fn new(run: Run, core: u16) -> Self {
        let events = Events::new(run.events, run.users, run.seed);
        Self { run, core, events, received_at: Timestamp::MIN, drawn: Vec::with_capacity(DRAWN) }
    }

    fn fill(&mut self, batch: &mut Vec<LogRecord>) {
        batch.clear();
        if self.drawn.is_empty() {
            self.draw();
        }
        let some = self.drawn.len().saturating_sub(BATCH)..;
        let some = self.drawn.drain(some).rev();
        batch.extend(some.map(|(sent, received_at)| LogRecord::Event(sent.event(received_at))));
    }

    /// An event is received as soon as it can be: at the greatest `created_at` so far.
    fn draw(&mut self) {
        while self.drawn.len() < DRAWN
            && let Some(sent) = self.events.next()
        {
            self.received_at = self.received_at.max(sent.created_at());
            if partition_of(UserId(sent.user_id as i64), self.run.cores).0 == self.core {
                self.drawn.push((sent, self.received_at));
            }
        }
        self.drawn.reverse();
    }
}

impl Pass {
    fn new(catalog: &Arc<Catalog>) -> Self {
        let engine = Engine::new(Arc::clone(catalog), PartitionClock::default());
        Self {
            engine,
            events: 0,
            flips: 0,
            busy: Duration::ZERO,
            computing: Duration::ZERO,
            bytes: 0,
            spread: Spread::default(),
        }
    }

    fn take_decoded(&mut self, batch: &[LogRecord]) {
        let began = (Instant::now(), computed());
        batch.iter().take(AHEAD).for_each(|record| self.announce(record));
        for (record, number) in batch.iter().zip(AHEAD..) {
            if let Some(coming) = batch.get(number) {
                self.announce(coming);
            }
            self.take(record);
        }
        self.busy += began.0.elapsed();
        self.computing += computed().saturating_sub(began.1);
    }

    fn take_json(&mut self, batch: &[LogRecord]) {
        let written: Vec<Vec<u8>> = batch.iter().map(LogRecord::encode).collect();
        let began = Instant::now();
        // What was just encoded can be decoded.
        let mut coming = written.iter().filter_map(|bytes| LogRecord::decode(bytes).ok()).fuse();
        let mut announced = VecDeque::with_capacity(AHEAD);
        let (mut taken, mut computed_before) = (0, computed());
        loop {
            while announced.len() < AHEAD
                && let Some(record) = coming.next()
            {
                self.announce(&record);
                announced.push_back(record);
            }
            let Some(record) = announced.pop_front() else { break };
            let applying = Instant::now();
            self.take(&record);
            self.spread.add(applying.elapsed());
            taken += 1;
            if taken % BOUNDED_TOGETHER == 0 {
                let so_far = computed();
                self.spread.bound(so_far.saturating_sub(computed_before));
                computed_before = so_far;
            }
        }
        self.spread.bound(computed().saturating_sub(computed_before));
        self.busy += began.elapsed();
    }

    fn announce(&mut self, record: &LogRecord) {
        self.engine.announce(record, record.received_at());
    }

    fn take(&mut self, record: &LogRecord) {
        let now = record.received_at();
        let by_time = self.engine.fire_due(now, usize::MAX);
        let by_record = self.engine.apply(record, now).changes;
        self.flips += flips(&by_time) + flips(&by_record);
    }

    fn end(&mut self) {
        let began = (Instant::now(), computed());
        let changes = self.engine.fire_due(END, usize::MAX);
        self.busy += began.0.elapsed();
        self.computing += computed().saturating_sub(began.1);
        self.flips += flips(&changes);
    }
}

/// Returns how long this thread has had a core.
fn computed() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn flips(changes: &[SegmentChange]) -> u64 {
    changes.iter().map(|change| change.in_segments.len() + change.out_segments.len()).sum::<usize>() as u64
}

fn members(run: Run, rules: usize, passes: &[Pass]) -> Vec<Members> {
    let mut members = vec![Members::default(); rules];
    for user_id in 1..=run.users {
        let of_user = passes.iter().filter_map(|pass| pass.engine.segments_of(UserId(user_id as i64)));
        for segment_id in of_user.flatten() {
            let of_rule = &mut members[segment_id.0 as usize - 1];
            of_rule.count += 1;
            of_rule.ids += user_id;
        }
    }
    members
}
