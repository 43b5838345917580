//! What says that the parts of an installation belong together.
//!
//! A mark is drawn at every start and at every orderly stop, and put on all parts: on the store that
//! it comes (`pending`), on the log, on the store that it came (`confirmed`), on the history. Nothing
//! is written between a mark and the next that the mark does not stand for. So a part with another mark
//! is an older copy, or went on elsewhere. Who draws and compares them is `shoal up`.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Offset;

/// What a part was marked with when the installation last started or stopped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(pub String);

impl Mark {
    /// Draws one that no part has.
    pub fn draw() -> Self {
        Self(Uuid::new_v4().to_string())
    }

    /// Returns the mark of a start by a version that only counted them.
    pub fn of_counted_start(starts: u64) -> Self {
        Self(format!("start-{starts}"))
    }

    /// Says whether it is of a version that only counted starts, and put nothing on the history.
    pub fn is_of_counted_start(&self) -> bool {
        self.0.starts_with("start-")
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the store says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreLineage {
    /// Drawn when the installation was made.
    pub installation: Uuid,
    /// Starts so far, also those that were interrupted; only for people.
    pub starts: u64,
    /// The mark that the log has, as far as the store knows; `None` until the first start came so far.
    pub confirmed: Option<Mark>,
    /// The mark that the log was about to get when the store heard last.
    pub pending: Option<Mark>,
}

/// What the log says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "StoredLogLineage")]
pub struct LogLineage {
    /// Drawn when the installation was made.
    pub installation: Uuid,
    /// Starts so far; only for people.
    pub starts: u64,
    /// The last one.
    pub mark: Mark,
    /// Marks before that, the newest last: a history of one of them is filled from here on.
    pub earlier: Vec<EarlierMark>,
}

/// A mark that the log had, and how far the log went under it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EarlierMark {
    /// The mark.
    pub mark: Mark,
    /// Where each partition of the events ended when the next mark was put.
    pub ends: Vec<Offset>,
}

/// What the history says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HistoryLineage {
    /// Drawn when the installation was made.
    pub installation: Uuid,
    /// The last one.
    pub mark: Mark,
}

/// As it lies on disk; without a mark, it is of a version that only counted starts.
#[derive(Deserialize)]
struct StoredLogLineage {
    installation: Uuid,
    starts: u64,
    mark: Option<Mark>,
    #[serde(default)]
    earlier: Vec<EarlierMark>,
}

impl From<StoredLogLineage> for LogLineage {
    fn from(stored: StoredLogLineage) -> Self {
        let StoredLogLineage { installation, starts, mark, earlier } = stored;
        Self { installation, starts, mark: mark.unwrap_or_else(|| Mark::of_counted_start(starts)), earlier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_whose_starts_were_only_counted_has_the_mark_of_that_number() {
        let stored = r#"{"installation":"00000000-0000-0000-0000-000000000007","starts":3}"#;
        let read: LogLineage = serde_json::from_str(stored).unwrap();
        let mark = Mark::of_counted_start(3);
        assert!(mark.is_of_counted_start() && !Mark::draw().is_of_counted_start());
        assert_eq!(read, LogLineage { installation: Uuid::from_u128(7), starts: 3, mark, earlier: vec![] });
        let marked = LogLineage {
            mark: Mark::draw(),
            earlier: vec![EarlierMark { mark: read.mark.clone(), ends: vec![4, 0] }],
            ..read
        };
        assert_eq!(serde_json::from_str::<LogLineage>(&serde_json::to_string(&marked).unwrap()).unwrap(), marked);
    }
}
