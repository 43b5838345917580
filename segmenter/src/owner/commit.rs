//! The commit: state, offset and changes at once; then, and only then, metrics and status.

use bus::PartitionCommit;
use schema::PartitionStatus;
use tokio::time::Instant;

use super::absorption::absorb_beside;
use super::owning::lost;
use super::step::{Step, Tally};
use super::{Owner, OwnerEnd};
use crate::yielding::run_long;

impl Owner {
    /// Commits what a step did, if it did anything, and says how far the partition is.
    pub(super) async fn commit(&mut self, step: Step) -> Result<(), OwnerEnd> {
        let built = match step.definitions {
            // A switch may touch every user of the partition.
            Some(_) => run_long(|| self.build(step)),
            None => self.build(step),
        };
        if let Some((commit, tally)) = built {
            let began = Instant::now();
            self.write(&commit).await?;
            self.changes_end += commit.changes.len() as u64;
            self.tell(&commit, &tally, began);
            self.spill.committed(commit.users.iter().map(|(user_id, state)| (*user_id, state.as_slice())));
        } else {
            self.spill.rest();
        }
        self.take_idle_away()?;
        self.progress.reach(self.next_offset, self.engine.clock().log_time, self.engine.as_of());
        self.report();
        Ok(())
    }

    /// Takes large users out of memory: what there is of them is committed.
    fn take_idle_away(&mut self) -> Result<(), OwnerEnd> {
        if self.spill.has_idle(&self.engine) {
            run_long(|| self.spill.take_idle_away(&mut self.engine)).map_err(lost)?;
        }
        self.shared.metrics.brought_back(self.spill.take_brought_back());
        Ok(())
    }

    /// Returns the commit of a step; `None` when there is nothing to commit, as on most heartbeats.
    fn build(&mut self, step: Step) -> Option<(PartitionCommit, Tally)> {
        let consumed = step.consumed;
        let (commit, tally) = step.into_parts();
        let clock = self.engine.clock();
        let commit = PartitionCommit {
            next_offset: self.next_offset,
            now: clock.now,
            log_time: clock.log_time,
            users: self.engine.take_dirty(),
            ..commit
        };
        let empty = !consumed && commit.users.is_empty() && commit.changes.is_empty() && commit.definitions.is_none();
        (!empty).then_some((commit, tally))
    }

    /// Writes the same commit until it is written; meanwhile history is absorbed, none of which any commit holds.
    async fn write(&mut self, commit: &PartitionCommit) -> Result<(), OwnerEnd> {
        loop {
            let absorbing = absorb_beside(&mut self.absorption, &mut self.engine, &self.shared.metrics);
            let written = tokio::select! {
                biased;
                written = self.log.commit(commit.clone()) => written,
                never = absorbing => match never {},
            };
            match written {
                Ok(()) => {
                    self.hold.release();
                    return Ok(());
                }
                Err(error) => self.hold.after(error).await?,
            }
        }
    }

    fn tell(&self, commit: &PartitionCommit, tally: &Tally, began: Instant) {
        let metrics = &self.shared.metrics;
        let committed_at = self.shared.clock.now();
        metrics.committed(began.elapsed());
        metrics.records(tally.applied, &tally.skipped);
        metrics.dead_letters(&commit.dead_letters);
        metrics.changes(&commit.changes, committed_at);
        for times in &tally.decisive_events {
            metrics.event_to_change(times.created_at, times.received_at, committed_at);
        }
    }

    /// Says how far the partition is, to those who ask the log and to the gauges.
    pub(super) fn report(&mut self) {
        let now = Instant::now();
        let status = PartitionStatus {
            partition: self.log.partition(),
            as_of: self.progress.as_of(),
            next_offset: self.next_offset,
            changes_end: self.changes_end,
            generation: self.engine.catalog().generation(),
            absorbing: self.engine.absorbing(),
            backfill: self.absorption.as_mut().map(|absorption| absorption.run(now)).or(self.ended),
            failure: self.given_up.as_ref().map(|given_up| given_up.failure.clone()),
            users: self.engine.user_count() as u64,
        };
        self.shared.board.report(status.clone(), self.progress.lag_records(self.next_offset), self.spill.usage());
        self.log.report(status);
        self.reported_at = now;
    }
}
