//! Databend: where the history of a distributed installation lies.
//!
//! Spoken to over its HTTP protocol ([`Databend`]), which is a few routes, JSON, and Arrow for many rows: its own driver
//! would bring a second HTTP stack, and features of `serde_json` that change how every crate of the build
//! reads numbers (`docs/adr/0010`). [`DatabendWarehouse`] is the history. [`Scratch`] keeps events in a database
//! of the caller's own for as long as a question about them takes, which is how a rule is asked of a
//! real Databend; which SQL a rule is, is `rules::render`'s concern.

mod alone;
mod arrow;
mod aside;
mod cells;
mod client;
mod csv;
mod databend_warehouse;
mod draft;
mod error;
mod fingerprints;
mod http;
mod known;
mod loader;
mod loading;
mod metrics;
mod migrations;
mod options;
mod protocol;
mod reading;
mod records;
mod refused;
mod saying;
mod scratch;
mod selecting;
mod settling;
mod sweeping;
mod tables;
#[cfg(test)]
mod tests;
mod tls;

pub use client::{Cells, Databend};
pub use databend_warehouse::DatabendWarehouse;
pub use error::DatabendError;
pub use options::DatabendOptions;
pub use scratch::Scratch;
