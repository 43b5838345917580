//! How much of the disk is left, looked at no more than once a second.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::BusError;

/// How old an answer may be: a second of writing is far less than the floor.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Commits go on until this part of the floor is left.
const COMMIT_PART: u64 = 8;

/// The free space of the disk on which the log lies.
pub(super) struct Space {
    dir: PathBuf,
    floor_bytes: u64,
    seen: Mutex<Option<(Instant, u64)>>,
}

impl Space {
    pub(super) fn new(dir: PathBuf, floor_bytes: u64) -> Self {
        Self { dir, floor_bytes, seen: Mutex::default() }
    }

    /// Refuses an append while less than the floor is free.
    pub(super) fn check_append(&self) -> Result<(), BusError> {
        self.check(self.floor_bytes)
    }

    /// Refuses a commit while less than an eighth of the floor is free.
    pub(super) fn check_commit(&self) -> Result<(), BusError> {
        self.check(self.floor_bytes / COMMIT_PART)
    }

    fn check(&self, floor_bytes: u64) -> Result<(), BusError> {
        if self.free_bytes() < floor_bytes { Err(BusError::Full) } else { Ok(()) }
    }

    fn free_bytes(&self) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            Some((at, free)) if at.elapsed() < MAX_AGE => free,
            _ => {
                let free = self.ask();
                *seen = Some((Instant::now(), free));
                free
            }
        }
    }

    fn ask(&self) -> u64 {
        match rustix::fs::statvfs(&self.dir) {
            Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
            Err(error) => {
                // Not knowing is no reason to stop: a full disk still answers with its own error.
                tracing::warn!(%error, "free disk space is unknown");
                u64::MAX
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(free_bytes: u64, append: bool, commit: bool) {
        let seen = Mutex::new(Some((Instant::now(), free_bytes)));
        let space = Space { dir: PathBuf::from("/nowhere"), floor_bytes: 800, seen };
        assert_eq!(space.check_append().is_ok(), append, "an append with {free_bytes} bytes free");
        assert_eq!(space.check_commit().is_ok(), commit, "a commit with {free_bytes} bytes free");
    }

    #[test]
    fn appends_stop_before_commits_and_both_before_the_disk_is_full() {
        check(800, true, true);
        check(799, false, true);
        check(100, false, true);
        check(99, false, false);
    }
}
