//! Locks that stand for no row. They end with their transaction.

use super::Connection;
use crate::StoreError;

/// The first of the two numbers of every lock here: "SHOA". Others in the database use others.
const OURS: i32 = 0x5348_4f41;

/// What a transaction keeps others from doing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    /// Changing definitions.
    Definitions = 1,
    /// Changing what is known of a user.
    Users = 2,
}

/// Waits until nobody else holds the lock.
pub(super) async fn hold(connection: &mut Connection, lock: Lock) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)").bind(OURS).bind(lock as i32).execute(connection).await?;
    Ok(())
}
