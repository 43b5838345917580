//! One sync to disk for all writers that wait: who comes first syncs for everyone behind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fjall::{Database, PersistMode};

use super::failure::from_fjall;
use crate::WarehouseError;

/// Counts writes, and remembers up to which they are durable.
#[derive(Default)]
pub(super) struct Syncing {
    written: AtomicU64,
    synced: Mutex<u64>,
}

impl Syncing {
    /// Numbers a write that is in the journal.
    pub(super) fn written(&self) -> u64 {
        self.written.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Returns when the write of that number is durable. A failed sync fails all that follow: the
    /// database refuses to sync again.
    pub(super) fn wait(&self, number: u64, database: &Database) -> Result<(), WarehouseError> {
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if *synced < number {
            let written = self.written.load(Ordering::Acquire);
            database.persist(PersistMode::SyncData).map_err(from_fjall)?;
            *synced = written;
        }
        Ok(())
    }
}
