//! Arming users, and who is due.

use schema::{Timestamp, UserId};

use super::armed::Armed;
use super::near::{Entry, Near};
use super::wheel::Wheel;

/// A user's index in the partition.
pub(crate) type UserIndex = u32;

/// The armed deadlines, at most one per user.
#[derive(Debug)]
pub(crate) struct TimerQueue {
    armed: Armed,
    near: Near,
    wheel: Wheel,
}

impl TimerQueue {
    /// Makes a queue whose deadlines are mostly after `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { armed: Armed::default(), near: Near::default(), wheel: Wheel::new(now) }
    }

    /// Replaces a user's deadline.
    pub(crate) fn arm(&mut self, user: UserIndex, user_id: UserId, deadline: Option<Timestamp>) {
        let Self { armed, near, wheel } = self;
        let old = armed.deadline(user);
        if old == deadline {
            return;
        }
        armed.set_deadline(user, deadline);
        let entry = deadline.map(|deadline| Entry { deadline, user_id, user });
        match (old.filter(|old| wheel.is_near(*old)), entry.filter(|entry| wheel.is_near(entry.deadline))) {
            (Some(_), Some(entry)) => return near.replace(armed, entry),
            (Some(_), None) => near.remove(armed, user),
            (None, new) => {
                if let Some(old) = old {
                    wheel.remove(armed, user, old);
                }
                if let Some(entry) = new {
                    return near.push(armed, entry);
                }
            }
        }
        if let Some(deadline) = deadline {
            wheel.insert(armed, user, deadline);
        }
    }

    /// Returns the earliest deadline.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.near.first().map(|entry| entry.deadline).or_else(|| self.wheel.first(&self.armed))
    }

    /// Returns whether it is sure that no deadline is due up to `now`; it is told quickly.
    #[inline]
    pub(crate) fn has_none(&self, now: Timestamp) -> bool {
        self.wheel.is_near(now) && self.near.first().is_none_or(|entry| entry.deadline > now)
    }

    /// Returns some of those who are due up to an instant, and when, in no order, the first ones most likely.
    pub(crate) fn soon(&self, until: Timestamp) -> impl Iterator<Item = (Timestamp, UserIndex)> {
        self.near.top().filter(move |entry| entry.deadline <= until).map(|entry| (entry.deadline, entry.user))
    }

    /// Returns the earliest deadline up to `now` and whose it is; of equal ones that of the smallest user.
    ///
    /// What is before `now` is looked for in order from then on.
    pub(crate) fn due(
        &mut self,
        now: Timestamp,
        id_of: impl Fn(UserIndex) -> UserId,
    ) -> Option<(Timestamp, UserIndex)> {
        let Self { armed, near, wheel } = self;
        if !wheel.is_near(now) {
            wheel.turn(armed, now, |armed, user| {
                if let Some(deadline) = armed.deadline(user) {
                    near.push(armed, Entry { deadline, user_id: id_of(user), user });
                }
            });
            near.shrink();
        }
        near.first().filter(|entry| entry.deadline <= now).map(|entry| (entry.deadline, entry.user))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Arms users at random around a clock that goes on, and compares with all deadlines in order.
    #[track_caller]
    fn check(reach_micros: i64, step_micros: i64) {
        let mut now = Timestamp::from_micros(-3 * step_micros);
        let mut queue = TimerQueue::new(now);
        let mut known: BTreeSet<(Timestamp, UserIndex)> = BTreeSet::new();
        let mut random = 1_u64;
        let mut below = |end: i64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((random ^ random >> 29) >> 1) as i64 % end
        };
        for _ in 0..20_000 {
            let user = below(1500) as u32;
            // As often near as far.
            let reach = 1 + (reach_micros >> below(20));
            let deadline = Some(now.plus_micros(1 + below(i64::MAX) % reach)).filter(|_| below(4) > 0);
            known.retain(|(_, of)| *of != user);
            known.extend(deadline.map(|deadline| (deadline, user)));
            queue.arm(user, UserId(i64::from(user)), deadline);
            assert_eq!(queue.first(), known.first().map(|(deadline, _)| *deadline));
            if below(3) == 0 {
                now = now.plus_micros(below(step_micros));
            }
            while let Some((deadline, user)) = queue.due(now, |user| UserId(i64::from(user))) {
                assert_eq!(known.pop_first(), Some((deadline, user)));
                assert!(deadline <= now);
                queue.arm(user, UserId(i64::from(user)), None);
            }
            assert!(known.first().is_none_or(|(deadline, _)| *deadline > now));
        }
    }

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn the_first_is_always_the_earliest_whatever_moved() {
        check(500, 20);
        check(DAY, DAY / 1000);
    }

    #[test]
    fn deadlines_beyond_the_wheel_come_in_order_however_far_the_clock_jumps() {
        check(400 * DAY, DAY / 10);
        check(400 * DAY, 90 * DAY);
    }
}
