//! Quantiles of measured durations.

use std::time::Duration;

use serde::Serialize;

/// The usual quantiles, in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Quantiles {
    /// Computes them; zeros when nothing was measured.
    pub(crate) fn of(mut measured: Vec<Duration>) -> Self {
        measured.sort_unstable();
        let at = |share: f64| {
            let index = (measured.len() as f64 * share).ceil() as usize;
            measured.get(index.saturating_sub(1)).map_or(0.0, |duration| duration.as_secs_f64() * 1_000.0)
        };
        Self { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let measured = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(Quantiles::of(measured), Quantiles { p50_ms: 100.0, p99_ms: 198.0, max_ms: 200.0 });
        assert_eq!(Quantiles::of(Vec::new()), Quantiles::default());
    }
}
