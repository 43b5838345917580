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
    /// What was found.
    pub found: Report,
}

/// The one line that a run ends with.
impl fmt::Display for ChaosReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, rebalances, found } = self;
        let Report { acknowledged, lost, repeated, out_of_order, mismatched, .. } = found;
        write!(
            f,
            "acknowledged={acknowledged} kills={kills} rebalances={rebalances} lost={lost} repeated={repeated} \
             out_of_order={out_of_order} mismatched={mismatched}"
        )
    }
}
