//! Fetching what is kept of users before they are looked at.
//!
//! With many users, most of the time for an event would be waiting for memory, at one place after the
//! other: where the user is, the user, what it points at, what that points at. So records are announced before
//! they are applied. Each announcement takes the first step for its own record, the next step for one that was
//! announced some records before, and so on: no step waits, and none fetches so much at once that the processor does.

use schema::{EventId, LogRecord, Timestamp, UserId};
use uuid::Uuid;

use super::partition::Engine;
use super::users::Users;
use crate::timers::UserIndex;

/// How many records are best announced before the first of them is applied.
pub const AHEAD: usize = 16;
/// So many records lie between two steps.
const STEP: usize = AHEAD / 4;
/// So many announcements are remembered: until their records were applied.
const REMEMBERED: usize = 2 * AHEAD;
/// How many deadlines are announced at once, at most.
const TIMERS: usize = 2 * AHEAD;

/// A record that was announced: about whom, and from the second step on where the user is.
#[derive(Clone, Copy, Debug)]
struct Announced {
    user_id: UserId,
    event_id: EventId,
    user: UserIndex,
}

impl Announced {
    const NONE: Self = Self { user_id: UserId(0), event_id: EventId(Uuid::nil()), user: NOBODY };
}

/// The place of a user who is not known, or was not looked for yet.
const NOBODY: UserIndex = UserIndex::MAX;

/// Whom the next records and deadlines are about.
#[derive(Debug)]
pub(super) struct Ahead {
    announced: usize,
    of_records: [Announced; REMEMBERED],
    /// How often users had left their places when these were looked up.
    departures: u64,
    of_timers: [UserIndex; TIMERS],
    /// Deadlines up to here were announced.
    timers_until: Timestamp,
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            announced: 0,
            of_records: [Announced::NONE; REMEMBERED],
            departures: 0,
            of_timers: [NOBODY; TIMERS],
            timers_until: Timestamp::default(),
        }
    }
}

impl Ahead {
    /// Returns the one that was announced so many steps before the next one.
    #[inline]
    const fn steps_before(&mut self, steps: usize) -> &mut Announced {
        &mut self.of_records[self.announced.wrapping_sub(steps * STEP) % REMEMBERED]
    }

    /// Returns where a user is whose record was announced as long ago as is best, if that is known still.
    #[inline]
    pub(super) fn place_of(&self, user_id: UserId, users: &Users) -> Option<UserIndex> {
        let before = |count: usize| &self.of_records[self.announced.wrapping_sub(count) % REMEMBERED];
        // Just before another one was announced, or just after that.
        let announced =
            [before(AHEAD + 1), before(AHEAD)].into_iter().find(|announced| announced.user_id == user_id)?;
        (announced.user != NOBODY && self.departures == users.departures()).then_some(announced.user)
    }
}

impl Engine {
    /// Begins to fetch what is kept of the user of a record that is applied soon, and of those whose deadlines
    /// come meanwhile, up to `until`. Changes nothing.
    ///
    /// It is right not to announce a record, and pointless to do so just before it is applied.
    pub fn announce(&mut self, record: &LogRecord, until: Timestamp) {
        let Self { users, ahead, .. } = self;
        if ahead.departures != users.departures() {
            ahead.departures = users.departures();
            ahead.of_records.iter_mut().for_each(|announced| announced.user = NOBODY);
        }
        let found = ahead.steps_before(1);
        if let Some(user) = users.index_of(found.user_id) {
            found.user = user;
            users.prefetch(user);
        }
        if let Some(user) = users.get(ahead.steps_before(2).user) {
            user.prefetch();
        }
        let Announced { user, event_id, .. } = *ahead.steps_before(3);
        if let Some(user) = users.get(user) {
            user.prefetch_further(event_id);
        }
        let user_id = record.user_id();
        users.prefetch_place(user_id);
        let event_id = if let LogRecord::Event(event) = record { event.event_id } else { Announced::NONE.event_id };
        *ahead.steps_before(0) = Announced { user_id, event_id, user: NOBODY };
        match ahead.announced % AHEAD {
            0 => {
                // Twice as far: what comes before the next announcement is then there already.
                let reach = until.plus_micros(until.micros_since(self.clock.now).max(0));
                self.announce_due(self.ahead.timers_until, reach);
            }
            STEP => self.fetch_announced(),
            _ => {}
        }
        self.ahead.announced = self.ahead.announced.wrapping_add(1);
    }

    /// Fetches what is kept of the first of those who are due up to `until`.
    pub(super) fn fetch_due(&mut self, until: Timestamp) {
        self.announce_due(Timestamp::MIN, until);
        self.fetch_announced();
    }

    fn announce_due(&mut self, from: Timestamp, until: Timestamp) {
        self.ahead.of_timers = [NOBODY; TIMERS];
        let soon = self.timers.soon(until).filter(|(deadline, _)| *deadline > from);
        for (place, (_, user)) in self.ahead.of_timers.iter_mut().zip(soon) {
            *place = user;
            self.users.prefetch(user);
        }
        self.ahead.timers_until = until;
    }

    fn fetch_announced(&self) {
        let users = self.ahead.of_timers.iter().map_while(|user| self.users.get(*user));
        users.for_each(|user| user.prefetch());
    }
}
