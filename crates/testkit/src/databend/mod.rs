//! The third evaluator: a real Databend over the same rows.
//!
//! [`Databend::start`] talks to the server that `DATABEND_DSN` names, else it starts the one in
//! `crates/testkit/databend` (Databend's own engine behind its HTTP protocol) for as long as it
//! lives. Either way it works in a database of its own, which is dropped at the end. What a clause
//! means is `rules`, how it is written for Databend `rules::render`; here is only the way there.

mod events;
mod instance;
mod server;

pub use instance::{Cells, Databend, Refused};
