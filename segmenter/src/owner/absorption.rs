//! New definitions: what they need of the past is read beside the live traffic, then they take over
//! at once.
//!
//! From the seam on, the engine folds each record for the old and the new definitions; history
//! brings what lies before it. The switch, its changes and the definitions are one commit: a crash
//! before it begins again from the old ones, a crash after it has nothing left to do.
//!
//! When still newer definitions come meanwhile, the running absorption is finished first: it reads a
//! fixed stretch of history, so it ends, however often definitions change. It is given up only for
//! definitions that need no history, which take over at once. Either way definitions take over, so
//! there is no live-lock.

use std::sync::Arc;

use schema::Generation;

use super::step::Step;
use super::{Owner, OwnerEnd};
use crate::catalogs::Frozen;
use crate::history::{HistoryPart, HistoryReader, Seam};
use crate::yielding::{YIELD_EVERY, run_long};

/// Definitions whose history is being absorbed.
pub(super) struct Absorption {
    target: Arc<Frozen>,
    reader: HistoryReader,
    /// A part that was read and is not absorbed yet.
    pub(super) waiting: Option<HistoryPart>,
    /// Rows absorbed so far.
    pub(super) rows: u64,
}

/// Waits until a part of the history waits to be absorbed; for ever when none is being read.
pub(super) async fn fetch_history(absorption: &mut Option<Absorption>) {
    match absorption {
        Some(absorption) => absorption.waiting = Some(absorption.reader.next().await),
        None => std::future::pending().await,
    }
}

/// What to do about newer definitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Course {
    /// They were replaced before: the definition store was set back.
    Older,
    /// They are in force, or being absorbed, or there are none yet.
    Nothing,
    /// They need nothing of the past.
    SwitchNow,
    /// Others are being absorbed; these come after them.
    Later,
    /// Their history must be read first.
    Absorb,
}

impl Owner {
    /// Considers the newest definitions there are.
    pub(super) async fn consider_newest(&mut self) -> Result<(), OwnerEnd> {
        match self.catalogs.newest() {
            Some(newest) => self.consider(newest).await,
            None => Ok(()),
        }
    }

    /// Switches to newer definitions, or begins to absorb their history.
    pub(super) async fn consider(&mut self, newest: Arc<Frozen>) -> Result<(), OwnerEnd> {
        match self.course(&newest) {
            Course::Older => tracing::warn!(
                log.partition = self.log.partition().0,
                catalog.generation = newest.generation().0,
                "these definitions are older than those in force; passing over them"
            ),
            Course::Nothing | Course::Later => {}
            Course::SwitchNow => {
                self.absorption = None;
                self.engine.begin_absorbing(Arc::clone(&newest.catalog));
                self.switch(&newest).await?;
            }
            Course::Absorb => self.begin(newest),
        }
        Ok(())
    }

    fn course(&self, newest: &Frozen) -> Course {
        let live = self.engine.catalog().generation();
        if newest.generation() < live && newest.generation() > Generation::default() {
            Course::Older
        } else if newest.generation() <= live || self.engine.absorbing() == Some(newest.generation()) {
            Course::Nothing
        } else if self.next_offset == 0 || !self.engine.needs_history_for(&newest.catalog) {
            Course::SwitchNow
        } else if self.absorption.is_some() {
            Course::Later
        } else {
            Course::Absorb
        }
    }

    fn begin(&mut self, target: Arc<Frozen>) {
        let seam = Seam { partition: self.log.partition(), before: self.next_offset };
        self.engine.begin_absorbing(Arc::clone(&target.catalog));
        let reader = self.shared.history.read(seam);
        tracing::info!(
            log.partition = seam.partition.0,
            log.offset = seam.before,
            catalog.generation = target.generation().0,
            "absorbing history for new definitions"
        );
        self.absorption = Some(Absorption { target, reader, waiting: None, rows: 0 });
    }

    /// Absorbs a part of the history; with its end the definitions take over.
    pub(super) async fn take_history(&mut self, part: HistoryPart) -> Result<(), OwnerEnd> {
        match part {
            HistoryPart::Rows(rows) => {
                for some in rows.chunks(YIELD_EVERY) {
                    some.iter().for_each(|row| self.engine.absorb(&row.event));
                    tokio::task::yield_now().await;
                }
                self.shared.metrics.absorbed(rows.len() as u64);
                if let Some(absorption) = &mut self.absorption {
                    absorption.rows += rows.len() as u64;
                }
                Ok(())
            }
            HistoryPart::End => self.finish().await,
            HistoryPart::Unreadable(error) => Err(OwnerEnd::damaged(error, "reading history")),
        }
    }

    async fn finish(&mut self) -> Result<(), OwnerEnd> {
        if let Some(absorption) = self.absorption.take() {
            self.switch(&absorption.target).await?;
        }
        self.consider_newest().await
    }

    /// Puts definitions in force and publishes the difference, in one commit.
    async fn switch(&mut self, target: &Frozen) -> Result<(), OwnerEnd> {
        self.fire_all_due().await?;
        let now = self.now();
        let mut step = Step::new(run_long(|| self.engine.switch_catalog(now)));
        step.definitions = Some((*target.definitions).clone());
        tracing::info!(
            log.partition = self.log.partition().0,
            catalog.generation = target.generation().0,
            changes = step.changes.len(),
            "new definitions take over"
        );
        self.commit(step).await
    }
}
