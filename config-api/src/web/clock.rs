//! The wall clock, for answers that say at which instant they hold.

use std::time::{SystemTime, UNIX_EPOCH};

use schema::Timestamp;

/// Returns the present instant.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
