//! Databend, through its own driver: where the history of a distributed installation lies.
//!
//! Behind the cargo feature `databend`, because the driver brings Arrow along. So far it runs
//! statements ([`Databend`]) and keeps events in a database of the caller's own for as long as a
//! question about them takes ([`Scratch`]), which is how a rule is asked of a real Databend. Which SQL
//! a rule is, is `rules::render`'s concern.

mod connection;
mod error;
mod scratch;
mod tables;

pub use connection::{Cells, Databend};
pub use error::DatabendError;
pub use scratch::Scratch;
