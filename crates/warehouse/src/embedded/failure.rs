//! What the database's errors mean for those who call the warehouse.

use crate::WarehouseError;

/// Says what the caller can do about an error of the database.
pub(super) fn from_fjall(error: fjall::Error) -> WarehouseError {
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => {
            WarehouseError::Unavailable(error.to_string())
        }
        // Another process, or this one, has the same folder open.
        fjall::Error::Locked => WarehouseError::Unavailable("another process has it open".to_owned()),
        fjall::Error::Poisoned => WarehouseError::Unavailable("an earlier write failed; restart to recover".to_owned()),
        other => WarehouseError::Damaged(other.to_string()),
    }
}

/// Says that something stored is not what it should be.
pub(super) fn damaged(what: &str) -> WarehouseError {
    WarehouseError::Damaged(what.to_owned())
}
