//! The incremental evaluator: what one input does to one user.
//!
//! Pure, deterministic, single-threaded; time is a parameter. It owns membership and nothing else
//! does: state is a fold over the log's records, the ticks, the catalog switches and the absorbed
//! history; replaying them gives the same state, byte for byte.

mod catalog;
mod engine;
pub mod naive;

pub use catalog::{Catalog, CatalogError};
pub use engine::{Applied, DecodeError, Engine, PartitionClock, SkipReason};
