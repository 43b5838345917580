//! The clock that stamps rows; nothing is decided by it.

use std::time::{SystemTime, UNIX_EPOCH};

use schema::Timestamp;

pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
