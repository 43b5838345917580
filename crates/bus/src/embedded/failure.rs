//! What the database's errors mean for those who call the log.

use std::io;

use crate::BusError;

/// Says what the caller can do about an error of the database.
pub(super) fn from_fjall(error: fjall::Error) -> BusError {
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => from_io(error),
        // Another process, or this one, has the same folder open.
        fjall::Error::Locked => BusError::Unavailable("another process has it open".to_owned()),
        fjall::Error::Poisoned => BusError::Broken("an earlier write failed".to_owned()),
        other => BusError::Damaged(other.to_string()),
    }
}

/// Returns why the log is broken, without saying twice that it is.
pub(super) fn reason_of(error: BusError) -> String {
    match error {
        BusError::Broken(reason) => reason,
        error => error.to_string(),
    }
}

fn from_io(error: io::Error) -> BusError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BusError::Full,
        _ => BusError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_from_a_broken_one() {
        let full = fjall::Error::Io(io::Error::from_raw_os_error(28));
        assert!(matches!(from_fjall(full), BusError::Full));
        let broken = fjall::Error::Io(io::Error::from_raw_os_error(5));
        assert!(matches!(from_fjall(broken), BusError::Unavailable(_)));
    }
}
