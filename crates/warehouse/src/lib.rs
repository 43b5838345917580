//! The history of events: kept for good, read by backfills, timelines and (later) previews.
//!
//! Filled from the log by its writer, never by a request. Two forms meet behind [`Warehouse`]: the
//! embedded store (fjall) and, later, Databend, whose module so far answers questions of tests and of
//! `shoal eval`. `conformance` is the one suite both must pass.

#[doc(hidden)]
pub mod conformance;
#[cfg(feature = "databend")]
pub mod databend;
pub mod embedded;
mod error;
mod history;

pub use error::WarehouseError;
pub use history::{HistoryCursor, HistoryPage, HistoryRow, Warehouse, WriteBatch};
