//! The config API as its clients see it: on a real port, over the real store, log and history.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a randomised test prints its seed")]

mod app;
mod publisher;
mod stalled;
mod stream;
mod trimmed;

mod activities;
mod backfill;
mod changes;
mod definitions;
mod dependencies;
mod document;
mod explain;
mod lookups;
mod missing;
mod outages;
mod preview;
mod retention;
mod segments;
mod serving;
mod set_back;
mod users;
mod validate;
