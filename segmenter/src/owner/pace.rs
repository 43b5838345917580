//! How fast history is absorbed: what the time that is left is computed from.
//!
//! The rate of a stretch counts the less the longer ago it was, so that an estimate follows a
//! warehouse that becomes slow, or live traffic that takes the turns, within seconds, and does not
//! jump with every page.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest stretch that is measured; also how long a rate stays unknown.
const SHORTEST: Duration = Duration::from_millis(200);
/// After so long a stretch counts a third of what it did.
const FADES_IN: Duration = Duration::from_secs(5);

/// The rate at which something is counted up.
#[derive(Default)]
pub(super) struct Pace {
    /// When and at which count the present stretch began; `None` before the first one.
    began: Option<(Instant, u64)>,
    /// When the last stretch ended in which anything was counted.
    grew_at: Option<Instant>,
    per_second: Option<f64>,
}

impl Pace {
    /// Takes in that the count is `count` now, and returns how fast it grows, in whole ones per second.
    pub(super) fn at(&mut self, count: u64, now: Instant) -> Option<u64> {
        let (since, counted) = *self.began.get_or_insert((now, count));
        let elapsed = now.duration_since(since);
        if elapsed >= SHORTEST {
            self.began = Some((now, count));
            if count > counted {
                self.grew_at = Some(now);
            }
            self.take_in(count.saturating_sub(counted) as f64 / elapsed.as_secs_f64(), elapsed);
        }
        let is_growing = self.grew_at.is_some_and(|grew_at| now < grew_at + FADES_IN);
        // Slower than that is not known from standing still.
        self.per_second.filter(|rate| is_growing && *rate >= 1.0).map(|rate| rate as u64)
    }

    fn take_in(&mut self, rate: f64, elapsed: Duration) {
        let kept = (-elapsed.as_secs_f64() / FADES_IN.as_secs_f64()).exp();
        self.per_second = Some(self.per_second.map_or(rate, |before| before * kept + rate * (1.0 - kept)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates after each (milliseconds, count).
    #[track_caller]
    fn check(counts: &[(u64, u64)], expected: &[Option<u64>]) {
        let (began, mut pace) = (Instant::now(), Pace::default());
        let rates: Vec<_> =
            counts.iter().map(|(at, count)| pace.at(*count, began + Duration::from_millis(*at))).collect();
        assert_eq!(rates, expected);
    }

    #[test]
    fn a_rate_is_unknown_until_it_was_measured_for_a_while() {
        check(&[(0, 0), (100, 500), (199, 900), (200, 1_000)], &[None, None, None, Some(5_000)]);
    }

    #[test]
    fn what_was_counted_before_the_first_look_is_in_no_rate() {
        check(&[(0, 1_000_000), (1_000, 1_000_100)], &[None, Some(100)]);
    }

    #[test]
    fn a_rate_follows_within_seconds_and_does_not_jump() {
        // A page that is late halves nothing; a rate that stays is known after a few times `FADES_IN`.
        check(&[(0, 0), (1_000, 1_000), (1_200, 1_000)], &[None, Some(1_000), Some(960)]);
        let (mut counts, mut count) = (vec![(0, 0), (1_000, 1_000)], 1_000);
        for second in 2..=21 {
            count += 100;
            counts.push((second * 1_000, count));
        }
        let (began, mut pace) = (Instant::now(), Pace::default());
        let mut last = None;
        for (at, count) in counts {
            last = pace.at(count, began + Duration::from_millis(at));
        }
        assert!(last.is_some_and(|rate| (100..125).contains(&rate)), "{last:?}");
    }

    #[test]
    fn standing_still_makes_the_rate_unknown_again() {
        check(&[(0, 0), (1_000, 900), (5_000, 900), (6_000, 900)], &[None, Some(900), Some(404), None]);
    }
}
