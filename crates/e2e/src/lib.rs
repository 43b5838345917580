//! The whole system from outside: the real binary, started, talked to over HTTP, killed.
//!
//! [`process`] runs a `shoal up`, [`system`] is one with its clients for a test, [`cluster`] runs the three
//! services as processes of their own, and [`record`] reads what an installation holds when nothing runs. [`crash`] kills one again and again under
//! load and then checks that nothing was lost, repeated or out of order; `under_load` changes definitions
//! under load and checks who is told. The tests are in `tests/`.

mod clock;
pub mod cluster;
#[cfg(feature = "distributed")]
pub mod committed;
pub mod process;
pub mod record;
pub mod system;
#[cfg(feature = "distributed")]
pub mod under_load;

pub mod crash;

pub use clock::now;
