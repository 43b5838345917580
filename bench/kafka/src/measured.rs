//! What a measurement gives, and how it is shown.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schema::Timestamp;

use crate::Form;

/// How long each event took, and all of them together.
#[derive(Default, Debug)]
pub(crate) struct Measured {
    pub(crate) latencies_micros: Vec<i64>,
    pub(crate) elapsed: Duration,
}

impl Measured {
    /// Notes an event that was appended at some instant and is seen now.
    pub(crate) fn note(&mut self, appended_at: Timestamp) {
        self.latencies_micros.push(now().as_micros() - appended_at.as_micros());
    }

    fn quantile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.latencies_micros.clone();
        sorted.sort_unstable();
        let index = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(index.saturating_sub(1)).map_or(0.0, |micros| *micros as f64 / 1_000.0)
    }
}

/// Returns the wall clock.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

#[expect(clippy::print_stdout, reason = "a table is what it is for")]
pub(crate) fn print_header() {
    println!(
        "{:>5} {:<6} {:>10} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "round", "form", "offered/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "events/s"
    );
}

#[expect(clippy::print_stdout, reason = "a table is what it is for")]
pub(crate) fn print_row(round: u32, form: Form, rate: Option<u64>, measured: &Measured) {
    let form = format!("{form:?}").to_lowercase();
    let per_second = measured.latencies_micros.len() as f64 / measured.elapsed.as_secs_f64();
    match rate {
        Some(rate) => {
            let [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1.0].map(|share| measured.quantile_ms(share));
            println!("{round:>5} {form:<6} {rate:>10} {p50:>9.1} {p95:>9.1} {p99:>9.1} {max:>9.1} {per_second:>12.0}");
        }
        None => println!(
            "{round:>5} {form:<6} {:>10} {:>9} {:>9} {:>9} {:>9} {per_second:>12.0}",
            "backlog", "", "", "", ""
        ),
    }
}
