//! The figures: a table for people, JSON for comparison.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::quantiles::Quantiles;

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) latency: Vec<Latency>,
    pub(crate) throughput: Vec<Throughput>,
}

/// From the instant at which an event was due to be posted to its change at a subscriber.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) rate_per_second: u32,
    pub(crate) reached_per_second: f64,
    pub(crate) changes: usize,
    /// From the POST that was due to the change received; a missing one counts with the time until it
    /// was given up, so these quantiles cannot look better for it.
    pub(crate) post_to_change: Quantiles,
    /// From the POST that was due to the 202.
    pub(crate) post_to_answer: Quantiles,
    /// Events that were not accepted, or whose change did not come.
    pub(crate) missing: usize,
}

/// How many events per second, with each answered before the next of its client.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Throughput {
    pub(crate) what: &'static str,
    pub(crate) clients: usize,
    pub(crate) events_per_call: usize,
    /// Accepted, while the load lasted.
    pub(crate) events_per_second: f64,
    /// The same events over the time until all of them were evaluated; absent where nobody evaluates.
    pub(crate) drained_per_second: Option<f64>,
    /// Events of answered requests that were not accepted.
    pub(crate) refused: usize,
    pub(crate) call: Quantiles,
}

impl Report {
    /// Prints the table.
    #[expect(clippy::print_stdout, reason = "the result of the program")]
    pub(crate) fn print(&self) {
        println!("{:<34}{:>12}{:>10}{:>10}{:>10}", "", "events/s", "p50 ms", "p99 ms", "max ms");
        for Latency { rate_per_second, reached_per_second, post_to_change, post_to_answer, .. } in &self.latency {
            row(&format!("POST to change at {rate_per_second}/s"), *reached_per_second, *post_to_change);
            row(&format!("POST to 202 at {rate_per_second}/s"), *reached_per_second, *post_to_answer);
        }
        for Throughput { what, clients, events_per_call, events_per_second, call, .. } in &self.throughput {
            row(&format!("{what} ({clients} × {events_per_call})"), *events_per_second, *call);
        }
        for Throughput { what, events_per_second, drained_per_second, refused, .. } in &self.throughput {
            if let Some(drained) = drained_per_second {
                println!("{what}: accepted {events_per_second:.0}/s, evaluated {drained:.0}/s until caught up");
            }
            if *refused > 0 {
                println!("{what}: {refused} events were refused and do not count");
            }
        }
        for latency in self.latency.iter().filter(|latency| latency.missing > 0) {
            println!(
                "{} events at {}/s were refused or without a change; they count until given up",
                latency.missing, latency.rate_per_second
            );
        }
    }

    /// Writes `bench.json` into the folder.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join("bench.json");
        let text = serde_json::to_string_pretty(self).context("writing the report")?;
        std::fs::write(&path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
        eprintln!("written to {}", path.display());
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
fn row(what: &str, events_per_second: f64, quantiles: Quantiles) {
    let Quantiles { p50_ms, p99_ms, max_ms } = quantiles;
    println!("{what:<34}{events_per_second:>12.0}{p50_ms:>10.2}{p99_ms:>10.2}{max_ms:>10.2}");
}
