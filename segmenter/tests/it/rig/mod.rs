//! What a test stands on.

mod assembled;
mod clock;
mod dice;
mod events;
mod meddling;
mod reader;
mod warehouse;

pub(crate) use assembled::{PARTITIONS, Rig};
pub(crate) use clock::{TestClock, at};
pub(crate) use dice::Dice;
pub(crate) use events::{Shop, deletion};
pub(crate) use reader::{check_stream, eventually, members};
