//! The segmenter on a real embedded log and a real embedded warehouse, by a clock that tests move.

#![expect(clippy::print_stdout, reason = "a failing test is repeated by its seed")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod rig;

mod backfill;
mod by_event;
mod by_time;
mod crashes;
mod definitions;
mod large_users;
mod oracle;
mod throttled;
mod trouble;
mod watching;
