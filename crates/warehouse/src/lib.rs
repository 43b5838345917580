//! The history of events: kept for good, read by backfills, timelines and previews.
//!
//! Filled from the log by its writer, never by a request. Three forms meet behind [`Warehouse`]: the
//! embedded store (fjall), Databend where several processes share a server, and the log's own records where
//! they share nothing but the log ([`in_log`]). `conformance` is the one suite that every form must pass
//! that is filled.

mod config;
#[doc(hidden)]
pub mod conformance;
mod counting;
mod cursor;
pub mod databend;
pub mod embedded;
mod error;
mod history;
pub mod in_log;
mod open;
mod seen;

pub use config::{WarehouseConfig, WarehouseUrl};
pub use error::WarehouseError;
pub use history::{
    HistoryCursor, HistoryPage, HistoryRow, PartitionTraits, RefusedKind, RefusedRows, SelectedUsers, Selection,
    Selections, Warehouse, WriteBatch,
};
pub use open::{OpenedWarehouse, open};
pub use seen::{count_erased, greatest_user_id};
