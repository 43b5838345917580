//! Users with very much state: counted, and on disk while nothing is to be done to them.
//!
//! Most users take a few hundred bytes; a bot whose every event is kept takes megabytes. Whoever passes
//! `spill.user_bytes` is `LargeUsers`' business: while such users take more than `spill.resident_bytes` of a
//! partition together, those that were not touched last are written to a file (`SpillFile`) and dropped from
//! memory until their next record or deadline. Nothing is cut off, and nothing here has to survive: what is
//! written to the file was committed before, so after a crash, and on another machine, it comes from the log.

mod config;
mod file;
mod large_users;
mod spilling;

pub use config::SpillConfig;
pub(crate) use file::DiskSpace;
pub(crate) use large_users::LargeUsage;
pub(crate) use spilling::Spill;
