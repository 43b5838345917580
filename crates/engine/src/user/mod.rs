//! One user: what is kept of the events, and the memberships that follow from it.

mod duplicates;
mod flips;
mod fold;
mod membership;
mod slots;
mod user;

pub(crate) use duplicates::DuplicateMemory;
pub(crate) use flips::Flips;
pub(crate) use slots::Slots;
pub(crate) use user::User;
