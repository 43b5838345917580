//! How long single events took: a histogram that does not grow with their number.

use std::time::Duration;

/// Up to here every ten nanoseconds are counted apart; beyond lie the few longest ones.
const COUNTED_NS: usize = 1_000_000;
const STEP_NS: usize = 10;

/// Durations, in steps of ten nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    steps: Vec<u64>,
    longer: Vec<u64>,
    /// Of those of which the bound is known.
    greatest: u64,
    /// Of those that were added since.
    greatest_unbound: u64,
    count: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { steps: vec![0; COUNTED_NS / STEP_NS], longer: Vec::new(), greatest: 0, greatest_unbound: 0, count: 0 }
    }
}

impl Spread {
    pub(crate) fn add(&mut self, duration: Duration) {
        let nanos = duration.as_nanos() as u64;
        match self.steps.get_mut(nanos as usize / STEP_NS) {
            Some(step) => *step += 1,
            None => self.longer.push(nanos),
        }
        self.greatest_unbound = self.greatest_unbound.max(nanos);
        self.count += 1;
    }

    /// Says that none of those that were added since it was said last can have taken longer.
    pub(crate) fn bound(&mut self, most: Duration) {
        self.greatest = self.greatest.max(self.greatest_unbound.min(most.as_nanos() as u64));
        self.greatest_unbound = 0;
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.steps.iter_mut().zip(&other.steps).for_each(|(step, more)| *step += more);
        self.longer.extend(&other.longer);
        self.greatest = self.greatest.max(other.greatest());
        self.count += other.count;
    }

    /// Returns the duration that so great a share of all does not pass.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (step, count) in self.steps.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return ((step + 1) * STEP_NS) as u64;
            }
        }
        let mut longer = self.longer.clone();
        longer.sort_unstable();
        longer.get((wanted - seen).saturating_sub(1) as usize).copied().unwrap_or(self.greatest)
    }

    pub(crate) fn greatest(&self) -> u64 {
        self.greatest.max(self.greatest_unbound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_what_so_many_do_not_pass() {
        let mut spread = Spread::default();
        (1..=100).for_each(|number| spread.add(Duration::from_nanos(number * 100)));
        assert_eq!(spread.quantile(0.5), 5_010);
        spread.add(Duration::from_millis(5));
        assert_eq!((spread.quantile(1.0), spread.greatest()), (5_000_000, 5_000_000));
    }

    #[test]
    fn the_greatest_is_at_most_what_those_around_it_can_have_taken() {
        let mut spread = Spread::default();
        spread.add(Duration::from_millis(5));
        spread.bound(Duration::from_micros(300));
        assert_eq!(spread.greatest(), 300_000);
        spread.add(Duration::from_micros(400));
        assert_eq!(spread.greatest(), 400_000);
        spread.bound(Duration::from_millis(9));
        spread.add(Duration::from_micros(1));
        spread.bound(Duration::from_micros(2));
        assert_eq!(spread.greatest(), 400_000);
    }
}
