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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schema::{Definitions, Event, EventId, LogRecord};

    use super::*;
    use crate::{Catalog, PartitionClock};

    #[test]
    #[should_panic(expected = "brought back before a record is applied")]
    fn a_record_of_a_user_who_is_away_is_not_applied_to_a_second_state() {
        let now = Timestamp::from_micros(1_767_225_600_000_000);
        let catalog = Catalog::freeze(&Definitions::default()).unwrap();
        let mut engine = Engine::new(Arc::new(catalog), PartitionClock { now, log_time: now });
        let event = |number| {
            let event_id = EventId(uuid::Uuid::from_u128(number));
            LogRecord::Event(Event::new(event_id, UserId(7), "page_viewed", now))
        };
        engine.apply(&event(1), now);
        drop(engine.take_dirty());
        engine.take_away(UserId(7)).unwrap();
        engine.apply(&event(2), now);
    }
}
