//! Keeps every user in exactly the segments whose clause holds, now, and says so.
//!
//! One task takes partitions from the log ([`bus::Ownership`]); each has an owner task that feeds
//! its records, its deadlines and new definitions to the engine, one input at a time, and commits
//! state, offset and changes together. What a clause means is `rules`, what an input does to a
//! user is `engine`, what makes a commit durable is `bus`; here is what ties them to the clock, to
//! errors, and to one another.

mod board;
mod catalogs;
mod clock;
mod config;
mod definitions;
mod history;
mod hold;
pub mod metrics;
mod owner;
mod partitions;
mod shared;
mod spill;
mod start;
mod yielding;

pub use clock::{Clock, SystemClock};
pub use config::{Config, EmbeddedConfig, OwnerConfig};
pub use spill::SpillConfig;
pub use start::{Parts, Running, run, start, start_with_clock};
