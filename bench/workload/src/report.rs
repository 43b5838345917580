//! The figures of all runs: a table for people, JSON for comparison.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::measure::Measured;

/// The figures for one number of rules. Rates are per core, except for Flink's, which is of all cores.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) rules: usize,
    pub(crate) events: u64,
    pub(crate) cores: u16,
    pub(crate) events_per_s: f64,
    pub(crate) events_per_cpu_s: f64,
    pub(crate) events_per_s_json: f64,
    pub(crate) changes_per_s: f64,
    pub(crate) bytes_per_user: f64,
    pub(crate) resident_bytes_per_user: f64,
    pub(crate) p99_ns: u64,
    pub(crate) max_ns: u64,
    /// `null` when Flink did not run.
    pub(crate) flink_events_per_s: Option<f64>,
    /// How many times Flink's rate, both on all cores.
    pub(crate) ratio: Option<f64>,
    /// Whether the members at the end are those that DuckDB finds; `None` when it was not asked.
    pub(crate) members_equal: Option<bool>,
}

impl Figures {
    pub(crate) fn new(rules: usize, events: u64, cores: u16, measured: &Measured, members_equal: Option<bool>) -> Self {
        let Measured {
            events_per_s,
            events_per_cpu_s,
            events_per_s_json,
            changes_per_s,
            bytes_per_user,
            resident_bytes_per_user,
            p99_ns,
            max_ns,
            ..
        } = *measured;
        Self {
            rules,
            events,
            cores,
            events_per_s,
            events_per_cpu_s,
            events_per_s_json,
            changes_per_s,
            bytes_per_user,
            resident_bytes_per_user,
            p99_ns,
            max_ns,
            flink_events_per_s: None,
            ratio: None,
            members_equal,
        }
    }

    pub(crate) fn beside_flink(&mut self, events_per_s: f64) {
        self.flink_events_per_s = Some(events_per_s);
        self.ratio = Some(self.events_per_s * f64::from(self.cores) / events_per_s);
    }
}

/// Prints the table.
#[expect(clippy::print_stdout, reason = "the result of the program")]
pub(crate) fn print(all: &[Figures]) {
    println!(
        "{:>6}{:>12}{:>14}{:>14}{:>12}{:>9}{:>10}{:>12}{:>8}{:>9}",
        "rules", "events/s", "from JSON", "changes/s", "bytes/user", "p99 µs", "max µs", "Flink", "ratio", "members"
    );
    println!(
        "{:>6}{:>12}{:>14}{:>14}{:>12}{:>9}{:>10}{:>12}",
        "", "per core", "per core", "per core", "", "", "", "all cores"
    );
    for figures in all {
        let flink = figures.flink_events_per_s.map_or("-".to_owned(), |rate| format!("{rate:.0}"));
        let ratio = figures.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        println!(
            "{:>6}{:>12.0}{:>14.0}{:>14.0}{:>12.0}{:>9.2}{:>10.0}{flink:>12}{ratio:>8}{:>9}",
            figures.rules,
            figures.events_per_s,
            figures.events_per_s_json,
            figures.changes_per_s,
            figures.bytes_per_user,
            figures.p99_ns as f64 / 1e3,
            figures.max_ns as f64 / 1e3,
            match figures.members_equal {
                Some(true) => "equal",
                Some(false) => "DIFFER",
                None => "-",
            },
        );
    }
}

/// Writes `workload.json` into the folder.
pub(crate) fn write(all: &[Figures], folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("workload.json");
    let text = serde_json::to_string_pretty(all).context("writing the report")?;
    std::fs::write(&path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    eprintln!("written to {}", path.display());
    Ok(())
}
