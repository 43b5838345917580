//! The outcome of a chaos run.

use std::fmt;

use crate::crash::Report;

/// What was done, and what was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChaosReport {
    /// How many processes were ended with SIGKILL.
    pub kills: u64,
    /// How often a segmenter came or went, each time of which the partitions are shared out anew.
    pub rebalances: u64,
    /// How many requests had no answer yet when an instance of ingestion-api was killed, over all kills.
    pub under_way: u64,
    /// How many rows lay on Databend, loaded and not yet seen by anybody, when their writer had been killed.
    pub cut_rows: u64,
    /// What was found.
    pub found: Report,
}

impl ChaosReport {
    /// Returns what must happen in a run and did not: then it proves nothing, whatever was found.
    pub fn unreached(&self) -> Vec<&'static str> {
        let happened = [
            ("no process was killed", self.kills),
            ("no segmenter came or went", self.rebalances),
            ("no ingestion-api was killed with requests under way", self.under_way),
            ("no writer was killed in the middle of a load", self.cut_rows),
        ];
        happened.into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| what).collect()
    }
}

/// The one line that a run ends with.
impl fmt::Display for ChaosReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, rebalances, found, .. } = self;
        let Report { acknowledged, lost, repeated, out_of_order, mismatched, .. } = found;
        write!(
            f,
            "acknowledged={acknowledged} kills={kills} rebalances={rebalances} lost={lost} repeated={repeated} \
             out_of_order={out_of_order} mismatched={mismatched}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(report: &ChaosReport, expected: &[&str]) {
        let unreached = report.unreached();
        assert!(unreached.len() == expected.len(), "{unreached:?}");
        assert!(unreached.iter().zip(expected).all(|(found, word)| found.contains(word)), "{unreached:?}");
    }

    #[test]
    fn a_run_says_what_did_not_happen_in_it() {
        let whole = ChaosReport { kills: 3, rebalances: 1, under_way: 6, cut_rows: 17, found: Report::default() };
        check(&whole, &[]);
        check(&ChaosReport { cut_rows: 0, ..whole.clone() }, &["middle of a load"]);
        check(&ChaosReport { under_way: 0, rebalances: 0, ..whole }, &["segmenter", "under way"]);
        check(&ChaosReport::default(), &["no process", "segmenter", "under way", "middle of a load"]);
    }
}
