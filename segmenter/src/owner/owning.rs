//! The loop: one input at a time, each committed before the next is taken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::{PartitionOwner, RestoredPartition, StoredRecord};
use engine::{AHEAD, Engine};
use schema::{BackfillRun, LogRecord, Offset, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::absorption::{Absorption, GivenUp};
use super::input::Input;
use super::progress::Progress;
use super::restore::Loaded;
use super::step::Step;
use super::{OwnerEnd, Unreadable};
use crate::catalogs::CatalogFeed;
use crate::hold::Hold;
use crate::shared::Shared;
use crate::spill::Spill;
use crate::yielding::{YIELD_EVERY, run_long};

/// A step is committed after this long even when more records wait: deadlines and a stop wait no longer.
const LONGEST_STEP: Duration = Duration::from_millis(100);

/// After how many records others get a turn when some of a user's events are gone over for each new one.
const INTERPRETED_EVERY: usize = 4;

/// One owned partition: its users in memory, and how far they are.
pub(crate) struct Owner {
    pub(super) log: Box<dyn PartitionOwner>,
    pub(super) engine: Engine,
    /// The first record that is not in the state yet.
    pub(super) next_offset: Offset,
    /// The first offset of `segment-changes` that is not written yet.
    pub(super) changes_end: Offset,
    pub(super) catalogs: CatalogFeed,
    pub(super) absorption: Option<Absorption>,
    /// The backfill that ended last.
    pub(super) ended: Option<BackfillRun>,
    /// The backfill that could not go on.
    pub(super) given_up: Option<GivenUp>,
    pub(super) spill: Spill,
    /// Whether a waiting part of the history goes before the next records.
    pub(super) history_next: bool,
    pub(super) progress: Progress,
    pub(super) reported_at: Instant,
    pub(super) hold: Hold,
    pub(super) stop: CancellationToken,
    pub(super) shared: Arc<Shared>,
}

impl Owner {
    pub(super) fn new(
        log: Box<dyn PartitionOwner>,
        Loaded { engine, spill }: Loaded,
        restored: &RestoredPartition,
        catalogs: CatalogFeed,
        hold: Hold,
        stop: CancellationToken,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            log,
            progress: Progress::new(engine.clock().log_time, engine.as_of()),
            engine,
            next_offset: restored.next_offset,
            changes_end: restored.changes_end,
            catalogs,
            absorption: None,
            ended: None,
            given_up: None,
            spill,
            history_next: false,
            reported_at: Instant::now(),
            hold,
            stop,
            shared,
        }
    }

    /// Takes inputs until the partition is taken away; whatever was begun is committed then.
    pub(crate) async fn run(mut self) -> Result<(), OwnerEnd> {
        self.tick().await?;
        self.consider_newest()?;
        loop {
            match self.next_input().await? {
                Input::Records(records) => self.take_records(records).await?,
                Input::Tick => self.tick().await?,
                Input::Catalog(newest) => self.consider(newest)?,
                Input::History => self.take_history().await?,
                Input::Revoked => return Ok(()),
            }
        }
    }

    /// Returns the partition's present: the wall clock, but never before what was decided already.
    pub(super) fn now(&self) -> Timestamp {
        self.shared.clock.now().max(self.engine.clock().now)
    }

    async fn tick(&mut self) -> Result<(), OwnerEnd> {
        self.look_ahead().await?;
        let step = self.fire_due()?;
        self.commit(step).await?;
        // What was given up may be tried again by now.
        if self.given_up.is_some() { self.consider_newest() } else { Ok(()) }
    }

    /// Applies records; a bounded number of due deadlines fires before them, so that neither waits for
    /// all of the other.
    async fn take_records(&mut self, mut records: Vec<StoredRecord>) -> Result<(), OwnerEnd> {
        // A record that is delivered again is in the state already.
        records.retain(|record| record.offset >= self.next_offset);
        self.look_ahead().await?;
        let mut rest = records.as_slice();
        loop {
            rest = self.take_step(rest).await?;
            // What is left is read again by whoever owns the partition next.
            if rest.is_empty() || self.stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// Applies records for about as long as one step may take, commits, and returns those that are left.
    async fn take_step<'r>(&mut self, mut rest: &'r [StoredRecord]) -> Result<&'r [StoredRecord], OwnerEnd> {
        let began = Instant::now();
        let mut step = self.fire_due()?;
        while !rest.is_empty() && began.elapsed() < LONGEST_STEP {
            let now = self.now();
            let interprets = self.engine.catalog().interprets();
            let (some, after) = rest.split_at(rest.len().min(if interprets { INTERPRETED_EVERY } else { YIELD_EVERY }));
            if interprets {
                run_long(|| self.take_some(some, now, &mut step))?;
            } else {
                self.take_some(some, now, &mut step)?;
            }
            self.next_offset = some.last().map_or(self.next_offset, |last| last.offset + 1);
            rest = after;
            tokio::task::yield_now().await;
        }
        self.commit(step).await?;
        Ok(rest)
    }

    fn take_some(&mut self, stored: &[StoredRecord], now: Timestamp, step: &mut Step) -> Result<(), OwnerEnd> {
        let mut announced = VecDeque::with_capacity(AHEAD);
        let mut coming = stored.iter();
        loop {
            while announced.len() < AHEAD
                && let Some(stored) = coming.next()
            {
                announced.push_back((stored, self.announced(stored, now)?));
            }
            match announced.pop_front() {
                Some((_, Ok(record))) => step.note(&record, self.engine.apply(&record, now)),
                Some((stored, Err(unreadable))) => step.put_aside(&unreadable, self.log.partition(), stored),
                None => return Ok(()),
            }
        }
    }

    /// Reads a record that is applied soon, and has its user looked for meanwhile.
    fn announced(&mut self, stored: &StoredRecord, now: Timestamp) -> Result<Result<LogRecord, Unreadable>, OwnerEnd> {
        let record = Unreadable::check(stored);
        if let Ok(record) = &record {
            self.spill.bring_back_for(&mut self.engine, record).map_err(lost)?;
            self.engine.announce(record, now);
        }
        Ok(record)
    }

    /// Fires the deadlines that are due, earliest first, for a bounded number of users.
    pub(super) fn fire_due(&mut self) -> Result<Step, OwnerEnd> {
        let now = self.now();
        let limit = self.shared.limits.max_timers;
        let mut changes = Vec::new();
        // Who is on disk is brought back when it is their turn.
        for brought_back in 0.. {
            changes.extend(match self.engine.catalog().interprets() {
                true => run_long(|| self.engine.fire_due(now, limit)),
                false => self.engine.fire_due(now, limit),
            });
            if !self.spill.bring_back_due(&mut self.engine, now, brought_back).map_err(lost)? {
                break;
            }
        }
        Ok(Step::new(changes))
    }

    /// Fires every deadline that is due now, committing after each bounded number of users.
    pub(super) async fn fire_all_due(&mut self) -> Result<(), OwnerEnd> {
        let now = self.now();
        while self.engine.next_deadline().is_some_and(|deadline| deadline <= now) {
            let step = self.fire_due()?;
            self.commit(step).await?;
        }
        Ok(())
    }

    /// Asks where the log ends: what lies below it now is what the next status must account for.
    async fn look_ahead(&mut self) -> Result<(), OwnerEnd> {
        loop {
            let now = self.now();
            match self.log.log_end().await {
                Ok(end) => {
                    self.progress.see_end(now, end);
                    return Ok(());
                }
                Err(error) => self.hold.after(error).await?,
            }
        }
    }
}

/// What is on disk besides the log cannot be had: it is in the log, and the next start reads it from there.
pub(super) fn lost(error: anyhow::Error) -> OwnerEnd {
    OwnerEnd::damaged(error, "bringing large users back")
}
