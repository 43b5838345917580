//! Users whose state is kept elsewhere for a while: those with so much of it that it should not stay in memory.
//!
//! The engine does no I/O: whoever takes a user away keeps the bytes, and brings them back before the user is
//! needed, that is before a record of the user is applied ([`Engine::is_away`]), before a deadline of the user
//! fires ([`Engine::waits_for`]; `fire_due` stops there) and before other definitions are absorbed
//! ([`Engine::away`]). It is as if the user had been stored and loaded by a restart; the deadline stays armed.

use schema::{Timestamp, UserId};

use super::partition::Engine;
use crate::codec;

impl Engine {
    /// Takes a user out of memory and returns the state, which `load_user` brings back under the same catalog.
    ///
    /// `None`, and nothing happens, to users without state, to those who changed since the last `take_dirty`,
    /// and while other definitions are being absorbed, of which the bytes know nothing.
    pub fn take_away(&mut self, user_id: UserId) -> Option<Vec<u8>> {
        if self.absorbing.is_some() || self.users.present(user_id).is_none_or(|user| user.is_dirty) {
            return None;
        }
        let user = self.users.take_away(user_id)?;
        Some(codec::encode(Some(&user), &self.catalog))
    }

    /// Returns whether a user must be brought back before any record of theirs is applied.
    pub fn is_away(&self, user_id: UserId) -> bool {
        let away = self.users.away();
        !away.is_empty() && away.contains(&user_id)
    }

    /// Returns everyone who is away, ascending.
    pub fn away(&self) -> impl Iterator<Item = UserId> {
        self.users.away().iter().copied()
    }

    /// Returns who must be brought back before any further deadline up to `now` fires.
    pub fn waits_for(&mut self, now: Timestamp) -> Option<UserId> {
        if self.users.away().is_empty() {
            return None;
        }
        let (_, user) = self.timers.due(now, |user| self.users.id_of(user))?;
        Some(self.users.id_of(user)).filter(|user_id| self.is_away(*user_id))
    }
}
