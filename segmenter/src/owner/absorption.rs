//! New definitions: what they need of the past is read beside the live traffic, then they take over
//! at once.
//!
//! From the seam on, the engine folds each record for the old and the new definitions; history
//! brings what lies before it. The switch, its changes and the definitions are one commit: a crash
//! before it begins again from the old ones, a crash after it has nothing left to do.
//!
//! When still newer definitions come meanwhile, the running absorption is finished first: it reads a
//! fixed stretch of history, so it ends, however often definitions change. It is given up only when
//! it reads history and the newer definitions need none; those are not given up in turn. So
//! definitions always take over, and there is no live-lock.
//!
//! Unless the history is damaged: then they do not, the status says why, and it is tried again now and then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use schema::{BackfillFailure, BackfillRun, Generation};
use tokio::time::Instant;
use warehouse::{HistoryRow, WarehouseError};

use super::owning::lost;
use super::pace::Pace;
use super::step::Step;
use super::{Owner, OwnerEnd};
use crate::catalogs::Frozen;
use crate::history::{HistoryPart, HistoryReader, Seam};
use crate::metrics::Metrics;
use crate::yielding::{YIELD_EVERY, run_long};

/// For how long history is absorbed between two batches of records: this much later a live record may be applied.
const LONGEST_TURN: Duration = Duration::from_millis(5);

/// Definitions that are about to take over.
pub(super) struct Absorption {
    target: Arc<Frozen>,
    /// Whether history is read for them; if not, they only wait for their turn to switch.
    reads: bool,
    reader: HistoryReader,
    /// Rows that were read and are not absorbed yet.
    waiting: std::vec::IntoIter<HistoryRow>,
    /// What comes behind them, once that is no more rows.
    last: Option<HistoryPart>,
    run: BackfillRun,
    pace: Pace,
}

impl Absorption {
    fn new(from: Generation, target: Arc<Frozen>, reads: bool, reader: HistoryReader) -> Self {
        let total_rows = (!reads).then_some(0);
        let run = BackfillRun { from, to: target.generation(), absorbed_rows: 0, total_rows, rows_per_second: None };
        let (waiting, pace) = (Vec::new().into_iter(), Pace::default());
        Self { target, reads, reader, waiting, last: None, run, pace }
    }

    /// Returns how far it is at `now`.
    pub(super) fn run(&mut self, now: Instant) -> BackfillRun {
        let absorbed_rows = self.run.absorbed_rows;
        if absorbed_rows == 0 || self.run.total_rows == Some(absorbed_rows) {
            return self.run;
        }
        BackfillRun { rows_per_second: self.pace.at(absorbed_rows, now), ..self.run }
    }

    /// Returns how it ended: with as many rows as there were.
    fn ended(&self) -> BackfillRun {
        BackfillRun { total_rows: Some(self.run.absorbed_rows), ..self.run }
    }

    /// Returns whether rows, or their end, wait for a turn.
    pub(super) fn is_ready(&self) -> bool {
        !self.waiting.as_slice().is_empty() || self.last.is_some()
    }

    /// Waits until something is ready; loses nothing when the wait is given up.
    async fn fetch(&mut self) {
        while !self.is_ready() {
            let part = self.reader.next().await;
            self.take_in(part);
        }
    }

    fn take_in(&mut self, part: HistoryPart) {
        match part {
            HistoryPart::Total(rows) => self.run.total_rows = Some(rows),
            HistoryPart::Rows(rows) => self.waiting = rows.into_iter(),
            last => self.last = Some(last),
        }
    }

    /// Absorbs a few rows of those that are there; returns whether there were any.
    fn absorb_some(&mut self, engine: &mut Engine, metrics: &Metrics) -> bool {
        if !self.is_ready()
            && let Some(part) = self.reader.next_ready()
        {
            self.take_in(part);
        }
        let before = self.run.absorbed_rows;
        for row in self.waiting.by_ref().take(YIELD_EVERY) {
            engine.absorb(&row.event);
            self.run.absorbed_rows += 1;
        }
        metrics.absorbed(self.run.absorbed_rows - before);
        self.run.absorbed_rows > before
    }

    /// Takes the end of the history, once every row is absorbed.
    fn take_last(&mut self) -> Option<HistoryPart> {
        self.last.take_if(|_| self.waiting.as_slice().is_empty())
    }
}

/// A reading of history that was given up.
pub(super) struct GivenUp {
    pub(super) failure: BackfillFailure,
    retry_at: Instant,
}

impl GivenUp {
    fn waits_for(&self, generation: Generation) -> bool {
        self.failure.to == generation && Instant::now() < self.retry_at
    }
}

/// Waits until a part of the history waits to be absorbed; for ever when none is being read.
pub(super) async fn fetch_history(absorption: &mut Option<Absorption>) {
    match absorption {
        Some(absorption) => absorption.fetch().await,
        None => std::future::pending().await,
    }
}

/// Absorbs what there is and what comes, for as long as the caller waits for something else: most of an owner's time
/// under load is waiting for brokers, in which the engine has nothing to do.
///
/// May be given up at any moment. The end of the history is left for its turn, as it is a commit of its own.
pub(super) async fn absorb_beside(
    absorption: &mut Option<Absorption>,
    engine: &mut Engine,
    metrics: &Metrics,
) -> Infallible {
    let Some(absorption) = absorption else { return std::future::pending().await };
    loop {
        absorption.fetch().await;
        if !absorption.absorb_some(engine, metrics) {
            return std::future::pending().await;
        }
        tokio::task::yield_now().await;
    }
}

/// What to do about newer definitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Course {
    /// They were replaced before: the definition store was set back.
    Older,
    /// They are in force, or about to be, or there are none yet; or their history could not be read just now.
    Nothing,
    /// Others are about to take over; these come after them.
    Later,
    /// They begin now, whatever is being absorbed.
    Begin {
        /// Whether their history must be read first.
        reads: bool,
    },
}

impl Owner {
    /// Considers the newest definitions there are.
    pub(super) fn consider_newest(&mut self) -> Result<(), OwnerEnd> {
        self.catalogs.newest().map_or(Ok(()), |newest| self.consider(newest))
    }

    /// Begins to absorb newer definitions, unless others go first.
    pub(super) fn consider(&mut self, newest: Arc<Frozen>) -> Result<(), OwnerEnd> {
        match self.course(&newest) {
            Course::Older => tracing::warn!(
                log.partition = self.log.partition().0,
                catalog.generation = newest.generation().0,
                "these definitions are older than those in force; passing over them"
            ),
            Course::Nothing | Course::Later => {}
            Course::Begin { reads } => self.begin(newest, reads)?,
        }
        Ok(())
    }

    fn course(&self, newest: &Frozen) -> Course {
        let live = self.engine.catalog().generation();
        if newest.generation() < live && newest.generation() > Generation::default() {
            return Course::Older;
        }
        if newest.generation() <= live || self.engine.absorbing() == Some(newest.generation()) {
            return Course::Nothing;
        }
        if self.given_up.as_ref().is_some_and(|given_up| given_up.waits_for(newest.generation())) {
            return Course::Nothing;
        }
        let reads = self.next_offset > 0 && self.engine.needs_history_for(&newest.catalog);
        match &self.absorption {
            Some(running) if reads || !running.reads => Course::Later,
            _ => Course::Begin { reads },
        }
    }

    fn begin(&mut self, target: Arc<Frozen>, reads: bool) -> Result<(), OwnerEnd> {
        let seam = Seam { partition: self.log.partition(), before: self.next_offset };
        tracing::debug!(
            log.partition = seam.partition.0,
            log.offset = seam.before,
            catalog.generation = target.generation().0,
            reads,
            "preparing new definitions"
        );
        run_long(|| self.spill.bring_all_back(&mut self.engine)).map_err(lost)?;
        // Giving up what was absorbed before looks at every user.
        run_long(|| self.engine.begin_absorbing(Arc::clone(&target.catalog)));
        let reader = self.shared.history.read(reads.then_some(seam));
        self.absorption = Some(Absorption::new(self.engine.catalog().generation(), target, reads, reader));
        Ok(())
    }

    /// Absorbs what there is of the history; with its end the definitions take over.
    pub(super) async fn take_history(&mut self) -> Result<(), OwnerEnd> {
        self.absorb_for_a_turn().await;
        match self.absorption.as_mut().and_then(Absorption::take_last) {
            Some(HistoryPart::Unreadable(error)) => {
                self.give_up(&error);
                Ok(())
            }
            Some(_) => self.finish().await,
            None => Ok(()),
        }
    }

    /// Goes on with the definitions in force: newer ones that lack some of the history must not take over, and
    /// whoever has a membership by those in force must not wait for somebody to mend it.
    fn give_up(&mut self, error: &WarehouseError) {
        let Some(absorption) = self.absorption.take() else { return };
        // Looks at every user.
        run_long(|| self.engine.abandon_absorbing());
        let failure = BackfillFailure { to: absorption.target.generation(), reason: error.to_string() };
        tracing::error!(
            log.partition = self.log.partition().0,
            catalog.generation = failure.to.0,
            %error,
            "the history cannot be read; the definitions before stay in force"
        );
        self.shared.metrics.backfill_failed();
        self.given_up = Some(GivenUp { failure, retry_at: Instant::now() + self.shared.limits.history_retry() });
        self.report();
    }

    async fn absorb_for_a_turn(&mut self) {
        let began = Instant::now();
        while let Some(absorption) = &mut self.absorption
            && absorption.absorb_some(&mut self.engine, &self.shared.metrics)
            && began.elapsed() < LONGEST_TURN
            && !self.stop.is_cancelled()
        {
            tokio::task::yield_now().await;
        }
    }

    async fn finish(&mut self) -> Result<(), OwnerEnd> {
        if let Some(absorption) = self.absorption.take() {
            self.ended = Some(absorption.ended());
            self.given_up = None;
            self.switch(&absorption.target).await?;
        }
        self.consider_newest()
    }

    /// Puts definitions in force and publishes the difference, in one commit.
    async fn switch(&mut self, target: &Frozen) -> Result<(), OwnerEnd> {
        self.fire_all_due().await?;
        let now = self.now();
        let mut step = Step::new(run_long(|| self.engine.switch_catalog(now)));
        step.definitions = Some((*target.definitions).clone());
        tracing::debug!(
            log.partition = self.log.partition().0,
            catalog.generation = target.generation().0,
            changes = step.changes.len(),
            "new definitions take over"
        );
        self.commit(step).await
    }
}
