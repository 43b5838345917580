//! Users over HTTP: profiles, look-ups, and erasing them.

mod edit;
mod erase;
mod events;
mod lookup;
mod outbox;
mod user_traits;
mod view;

pub(crate) use edit::*;
pub(crate) use erase::*;
pub(crate) use events::*;
pub(crate) use lookup::*;
pub(crate) use outbox::append_pending;
pub(crate) use user_traits::*;
pub(crate) use view::UserView;
