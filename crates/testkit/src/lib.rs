//! What tests of the engine are made of: the oracle that runs it beside the naive evaluator, random
//! clauses and histories for it, scenario files, and a real Databend to prove both against.
//!
//! Never part of a shipped service; `shoal test` alone runs [`scenario`] for people.

mod clauses;
mod correlations;
#[cfg(feature = "databend")]
pub mod databend;
mod histories;
mod oracle;
mod pairs;
mod persons;
#[cfg(feature = "databend")]
pub mod prove;
mod random;
pub mod scenario;
#[cfg(feature = "servers")]
pub mod servers;
mod tables;

pub use clauses::{Clauses, clause};
pub use histories::{History, Input, event};
pub use oracle::{Disagreement, Oracle, definition};
pub use pairs::clause_on_pairs;
pub use persons::clause_on_user;
pub use random::{Random, for_each_seed};
