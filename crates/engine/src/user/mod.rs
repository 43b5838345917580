//! One user: what is kept of the events, and the memberships that follow from it.
//!
//! An event is folded ([`fold`]), what it may have flipped is looked at ([`conditions`], for aggregates
//! that are folded one by one [`general`]), and the rules that name a flipped condition are decided
//! ([`membership`]). Time alone does the same ([`fire`]). From scratch it is done when a user is new,
//! loaded, or taken over to another catalog ([`settle`]).

mod besides;
mod conditions;
mod duplicates;
mod fire;
mod flips;
mod fold;
mod general;
mod membership;
mod present;
mod rare;
mod said;
mod series;
mod settle;
mod slots;

pub(crate) use besides::Besides;
pub(crate) use flips::Flips;
pub(crate) use fold::Kept;
pub(crate) use present::{Deciding, Scratch, User};
pub(crate) use said::Said;
pub(crate) use series::{SeriesState, Slab, packed, unpacked};
pub(crate) use slots::Slots;
