//! What an owner can be asked to do next, and in which order it is asked.

use std::sync::Arc;
use std::time::Duration;

use bus::StoredRecord;
use tokio::time::Instant;

use super::absorption::{Absorption, fetch_history};
use super::{Owner, OwnerEnd};
use crate::catalogs::Frozen;

/// One input of an owner.
#[derive(Debug)]
pub(super) enum Input {
    /// Records of the log, in order.
    Records(Vec<StoredRecord>),
    /// Time passed: a deadline is due, or the status is.
    Tick,
    /// Newer definitions came.
    Catalog(Arc<Frozen>),
    /// It is the turn of the history that is being absorbed.
    History,
    /// The partition is taken away, or the process ends.
    Revoked,
}

impl Owner {
    /// Waits for the next input.
    ///
    /// Live records go before history, and history gets a short turn after each batch of records, so that
    /// neither can starve the other. It is absorbed while commits are awaited, too (`absorb_beside`).
    pub(super) async fn next_input(&mut self) -> Result<Input, OwnerEnd> {
        loop {
            if std::mem::take(&mut self.history_next) && self.history_waits() {
                return Ok(Input::History);
            }
            let tick_at = self.tick_at();
            let history_waits = self.history_waits();
            let until = if history_waits { Instant::now() } else { tick_at };
            // Giving up a poll loses nothing: it says itself where it begins.
            let polled = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(Input::Revoked),
                () = self.catalogs.changed() => {
                    if let Some(input) = self.catalogs.newest().map(Input::Catalog) { return Ok(input) }
                    continue;
                }
                polled = self.log.poll(self.next_offset, self.shared.limits.max_records, until) => polled,
                () = fetch_history(&mut self.absorption), if !history_waits => continue,
            };
            match polled {
                Ok(records) if !records.is_empty() => {
                    self.hold.release();
                    self.history_next = true;
                    return Ok(Input::Records(records));
                }
                Ok(_) => self.hold.release(),
                Err(error) => self.hold.after(error).await?,
            }
            if Instant::now() >= tick_at {
                return Ok(Input::Tick);
            }
            self.history_next = true;
        }
    }

    /// Returns when to look at the partition even if nothing comes: at its next deadline, and often
    /// enough to say how far it is.
    fn tick_at(&self) -> Instant {
        let heartbeat_at = self.reported_at + self.shared.limits.heartbeat();
        let Some(deadline) = self.engine.next_deadline() else { return heartbeat_at };
        let wait_micros = deadline.micros_since(self.now()).max(0).unsigned_abs();
        let deadline_at = Instant::now().checked_add(Duration::from_micros(wait_micros));
        deadline_at.map_or(heartbeat_at, |at| at.min(heartbeat_at))
    }

    fn history_waits(&self) -> bool {
        self.absorption.as_ref().is_some_and(Absorption::is_ready)
    }
}
