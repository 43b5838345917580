//! What a measurement gives, and how it is shown.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use schema::Timestamp;

use crate::Form;

/// Connections are made meanwhile, and topics are looked up: what is appended so early does not count.
const WARMING_UP: Duration = Duration::from_secs(1);

/// How long each event took, and when the first and the last were seen.
#[derive(Default, Debug)]
pub(crate) struct Measured {
    /// When each was appended, and how long it took.
    latencies_micros: Vec<(i64, i64)>,
    seen: Option<(Instant, Instant)>,
}

impl Measured {
    /// Notes an event that was appended at some instant and is seen now.
    pub(crate) fn note(&mut self, appended_at: Timestamp) {
        let appended_at = appended_at.as_micros();
        self.latencies_micros.push((appended_at, now().as_micros() - appended_at));
        let now = Instant::now();
        self.seen = Some((self.seen.map_or(now, |(first, _)| first), now));
    }

    /// Returns how many were seen.
    pub(crate) fn count(&self) -> u64 {
        self.latencies_micros.len() as u64
    }

    /// Returns how many came a second from the first to the last: without the start of whoever made them.
    pub(crate) fn per_second(&self) -> f64 {
        let took = self.seen.map_or(0.0, |(first, last)| (last - first).as_secs_f64());
        self.count() as f64 / took.max(f64::MIN_POSITIVE)
    }

    /// Returns what so large a share of the latencies is at most, without those of the beginning.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let first = self.latencies_micros.iter().map(|(appended_at, _)| *appended_at).min().unwrap_or_default();
        let begin = first.saturating_add(WARMING_UP.as_micros() as i64);
        let counted = self.latencies_micros.iter().filter(|(appended_at, _)| *appended_at >= begin);
        let mut sorted: Vec<i64> = counted.map(|(_, latency)| *latency).collect();
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
        "{:>5} {:<9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "round", "form", "offered/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "events/s"
    );
}

#[expect(clippy::print_stdout, reason = "a table is what it is for")]
pub(crate) fn print_row(round: u32, form: Form, rate: Option<u64>, measured: &Measured) {
    let (form, per_second) = (form.as_str(), measured.per_second());
    match rate {
        Some(rate) => {
            let [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1.0].map(|share| measured.quantile_ms(share));
            println!("{round:>5} {form:<9} {rate:>10} {p50:>9.1} {p95:>9.1} {p99:>9.1} {max:>9.1} {per_second:>12.0}");
        }
        None => println!(
            "{round:>5} {form:<9} {:>10} {:>9} {:>9} {:>9} {:>9} {per_second:>12.0}",
            "backlog", "", "", "", ""
        ),
    }
}
