//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double from one try to the next, up to a bound.
///
/// No jitter: the few workers of one process that use it are not a herd.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Starts at `first` and never passes `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// Returns how long to wait now: what the server asked for if it did, else the next step.
    pub fn wait(&mut self, asked_for: Option<Duration>) -> Duration {
        let step = self.next;
        self.next = (self.next * 2).min(self.longest);
        asked_for.map_or(step, |asked| asked.min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_the_server_may_ask_for_its_own() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let steps: Vec<u128> = (0..5).map(|_| backoff.wait(None).as_millis()).collect();
        assert_eq!(steps, [100, 200, 400, 800, 1000]);
        assert_eq!(backoff.wait(Some(Duration::from_millis(250))).as_millis(), 250);
        assert_eq!(backoff.wait(Some(Duration::from_secs(3600))).as_millis(), 1000);
    }
}
