//! Kill the running process again and again under load, then check that nothing was lost.
//!
//! Clients post events and note what they were told ([`ledger`], [`load`]); an editor changes
//! definitions ([`definitions`]); a subscriber receives changes through every restart
//! ([`subscriber`]). Between rounds the process gets SIGKILL at a random moment, start-up included,
//! and stays down for a moment, so that windows pass with nobody there. At the end the data directory
//! is read ([`crate::record`]) and compared with all of that: [`events`], [`sequences`], [`memberships`],
//! whether the log explains each published change ([`explain`]) and it came in time ([`lateness`]), and
//! whether the look-ups before the last stop ([`answers`]) and what the segmenter keeps ([`states`]) say
//! the same.
//!
//! SIGKILL leaves the operating system's cache as it is, so a run cannot show that anything was synced
//! to disk; a test of the `bus` crate does.

mod answers;
#[cfg(feature = "distributed")]
pub mod chaos;
mod definitions;
mod events;
mod explain;
mod lateness;
mod ledger;
mod load;
mod memberships;
mod report;
mod run;
pub(crate) mod sequences;
mod states;
mod staying;
mod subscriber;
mod verify;

pub(crate) use report::Fault;
pub use report::Report;
pub use run::{CrashOptions, run};
