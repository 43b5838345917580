//! One partition's users: applies records, fires timers, switches catalogs.

mod absorb;
mod ahead;
mod apply;
mod away;
mod fire;
mod partition;
mod places;
mod switch;
mod users;

pub use ahead::AHEAD;
pub use apply::{Applied, SkipReason};
pub use partition::{Engine, PartitionClock};

pub(crate) use users::UserRecord;
