//! The whole system from outside: the real binary, started, talked to over HTTP, killed.
//!
//! [`process`] runs a `shoal up`, [`system`] is one with its clients for a test, and [`record`] reads a
//! data directory when the process that owned it has ended. [`crash`] kills one again and again under
//! load and then checks that nothing was lost, repeated or out of order. The tests are in `tests/`.

mod clock;
pub mod process;
pub mod record;
pub mod system;

pub mod crash;

pub use clock::now;
