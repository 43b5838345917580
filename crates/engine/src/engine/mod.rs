//! One partition's users: applies records, fires timers, switches catalogs.

mod absorb;
mod apply;
mod away;
mod fire;
mod partition;
mod switch;
mod users;

pub use apply::{Applied, SkipReason};
pub use partition::{Engine, LOOK_AHEAD, PartitionClock};

pub(crate) use users::UserRecord;
