//! The outcome of a crash run, in the four ways in which it can be bad.

use std::fmt;

/// How many of a kind are spelled out; the counts are complete.
const EXAMPLES: usize = 20;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// How often the process was killed.
    pub rounds: u32,
    /// Events that were answered 202.
    pub acknowledged: usize,
    /// Acknowledged events or published changes that are missing.
    pub lost: u64,
    /// Events that count twice, or changes that were published or delivered twice.
    pub repeated: u64,
    /// Changes that are not in the order of their `seq` and time.
    pub out_of_order: u64,
    /// Anything else that is not as it must be: memberships, definitions, users, an unexplained change.
    pub mismatched: u64,
    /// The first of what was found, in words.
    pub examples: Vec<String>,
}

/// A way in which a run can be bad.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    Lost,
    Repeated,
    OutOfOrder,
    Mismatched,
}

impl Report {
    /// Notes something that must not be.
    pub(crate) fn note(&mut self, fault: Fault, example: impl FnOnce() -> String) {
        let count = match fault {
            Fault::Lost => &mut self.lost,
            Fault::Repeated => &mut self.repeated,
            Fault::OutOfOrder => &mut self.out_of_order,
            Fault::Mismatched => &mut self.mismatched,
        };
        *count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{fault:?}: {}", example()));
        }
    }

    /// Returns whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.lost + self.repeated + self.out_of_order + self.mismatched == 0
    }
}

/// The one line that a run ends with.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, acknowledged, lost, repeated, out_of_order, mismatched, .. } = self;
        write!(
            f,
            "rounds={rounds} acknowledged={acknowledged} lost={lost} repeated={repeated} \
             out_of_order={out_of_order} mismatched={mismatched}"
        )
    }
}
