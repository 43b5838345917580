//! Kill the running process again and again under load, then check that nothing was lost.
//!
//! Clients post events and note what they were told ([`ledger`], [`load`]); an editor changes
//! definitions ([`definitions`]); a subscriber receives changes through every restart
//! ([`subscriber`]). Between rounds the process gets SIGKILL at a random moment, start-up included,
//! and stays down for a moment, so that windows pass with nobody there. At the end the data directory
//! is read ([`crate::record`]) and compared with all of that: [`events`], [`sequences`], [`memberships`], and
//! whether the log explains each published change ([`explain`]).

mod definitions;
mod events;
mod explain;
mod ledger;
mod load;
mod memberships;
mod report;
mod run;
mod sequences;
mod staying;
mod subscriber;
mod verify;

pub use report::Report;
pub use run::{CrashOptions, run};
