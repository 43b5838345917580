//! One user: what is kept of the events, and the memberships that follow from it.

mod duplicates;
mod flips;
mod fold;
mod membership;
mod present;
mod slots;

pub(crate) use duplicates::DuplicateMemory;
pub(crate) use flips::Flips;
pub(crate) use present::User;
pub(crate) use slots::Slots;
