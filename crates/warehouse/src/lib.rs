//! The history of events: kept for good, read by backfills, timelines and (later) previews.
//!
//! Filled from the log by its writer, never by a request. Two forms meet behind [`Warehouse`]: the
//! embedded store (fjall) and, later, Databend. `conformance` is the one suite both must pass.

#[doc(hidden)]
pub mod conformance;
pub mod embedded;
mod error;
mod history;

pub use error::WarehouseError;
pub use history::{HistoryCursor, HistoryPage, HistoryRow, Warehouse, WriteBatch};
