//! Erases what is stored of deleted users, in as many steps as it takes.
//!
//! A user may have more rows than one batch should hold. So the batch that moves the position past the
//! deletion puts the user out of sight and on a list, and what is on the list is then removed in
//! parts: a reader sees all rows of a user or none, and a crash in between is finished at the next start.

use super::failure::from_fjall;
use super::keys::UserKey;
use super::keyspaces::Keyspaces;
use crate::WarehouseError;

/// Keys that one batch removes.
const BATCH_KEYS: usize = 10_000;

/// Removes the rows of a user that is out of sight, and takes the user off the list.
pub(super) fn erase(keyspaces: &Keyspaces, user: &UserKey) -> Result<(), WarehouseError> {
    for keyspace in [&keyspaces.rows, &keyspaces.counted, &keyspaces.traits] {
        // One look at the keys as they are now: nothing is added to a user out of sight.
        let mut keys = keyspace.prefix(user).map(|entry| entry.key());
        loop {
            let some = keys.by_ref().take(BATCH_KEYS).collect::<Result<Vec<_>, _>>().map_err(from_fjall)?;
            if some.is_empty() {
                break;
            }
            let mut batch = keyspaces.database.batch();
            for key in some {
                batch.remove(keyspace, key);
            }
            batch.commit().map_err(from_fjall)?;
        }
    }
    keyspaces.erasing.remove(user).map_err(from_fjall)
}

/// Finishes what a crash interrupted.
pub(super) fn finish_erasing(keyspaces: &Keyspaces) -> Result<(), WarehouseError> {
    let listed = keyspaces.erasing.iter().map(|entry| entry.key());
    for user in listed.collect::<Result<Vec<_>, _>>().map_err(from_fjall)? {
        let user = user.as_ref().try_into().map_err(|_| super::failure::damaged("a user's key has another length"))?;
        erase(keyspaces, user)?;
    }
    Ok(())
}
