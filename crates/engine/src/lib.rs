//! The incremental evaluator: what one input does to one user.
//!
//! Pure, deterministic, single-threaded; time is a parameter. It owns membership and nothing else
//! does: state is a fold over the log's records, the ticks, the catalog switches and the absorbed
//! history; replaying them gives the same state, byte for byte.
//!
//! What holds, and is proven by the tests of this crate after every step of random histories:
//!
//! - membership equals the naive evaluator's ([`naive`]), and the changes fold to it;
//! - the order in which events arrive does not matter, nor does an event that is sent twice;
//! - history absorbed for a new segment gives what having had the segment all along gives;
//! - a segment never changes another's result;
//! - state that was stored and loaded goes on as if it had not been;
//! - after `fire_due(now)` no deadline is at or before `now`.

mod bits;
mod catalog;
mod codec;
mod engine;
pub mod explain;
#[cfg(test)]
mod footprint;
pub mod naive;
mod prefetch;
mod row;
mod state;
mod timers;
mod user;

pub use catalog::{Catalog, CatalogError};
pub use codec::{DecodeError, last_seq};
pub use engine::{Applied, Engine, LOOK_AHEAD, PartitionClock, SkipReason};
pub use rules::plan::Footprint;
