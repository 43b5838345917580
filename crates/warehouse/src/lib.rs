//! The history of events: kept for good, read by backfills, timelines and (later) previews.
//!
//! Filled from the log by its writer, never by a request. Three forms meet behind [`Warehouse`]: the
//! embedded store (fjall), the log's own records where several processes share it ([`in_log`]), and,
//! later, Databend, whose module so far answers questions of tests and of `shoal eval`. `conformance` is
//! the one suite that every form must pass that is filled.

#[doc(hidden)]
pub mod conformance;
#[cfg(feature = "databend")]
pub mod databend;
pub mod embedded;
mod error;
mod history;
pub mod in_log;
mod open;

pub use error::WarehouseError;
pub use history::{HistoryCursor, HistoryPage, HistoryRow, Warehouse, WriteBatch};
pub use open::{OpenedWarehouse, open};
