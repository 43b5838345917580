//! Why a data directory is refused, and what can be done about it.

use std::path::{Path, PathBuf};

use schema::{Offset, PartitionId};
use store::StoreOptions;

use crate::installation::{DataDirectory, Parts};

/// Why parts do not belong together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The log is shorter than what was read from it.
    #[error(
        "the log in {} is shorter than what was already read from it: it lacks {missing} records that {reader} has, \
         partition {partition} ends at {end} and was read up to {read_up_to}; {UNTOUCHED}",
        log.display()
    )]
    LogTooShort {
        /// Its folder.
        log: PathBuf,
        /// What has read further than the log goes.
        reader: String,
        /// What is missing at least, over all partitions.
        missing: u64,
        /// The partition that lacks most.
        partition: PartitionId,
        /// How far that was read.
        read_up_to: Offset,
        /// Where it ends.
        end: Offset,
    },
    /// The history cannot be filled: the log let go of what it lacks.
    #[error(
        "{history} lacks records that {log} no longer has: partition {partition} is filled up to {written}, and the \
         log begins at {begin}; {UNTOUCHED}"
    )]
    HistoryTooOld {
        /// What the history is called.
        history: String,
        /// What the log is called.
        log: String,
        /// The first partition of which something is missing.
        partition: PartitionId,
        /// How far it is filled.
        written: Offset,
        /// Where the log begins.
        begin: Offset,
    },
    /// One part is an older copy than another, or was made anew.
    #[error("{older} is older than {newer}: {evidence}; {UNTOUCHED}")]
    TooOld {
        /// What is older.
        older: String,
        /// What it is older than.
        newer: String,
        /// What shows it.
        evidence: String,
    },
    /// A log that nothing was ever started on, and a store that has nothing of it.
    #[error("{store} lacks what {log} has, and nothing was ever started on them: {evidence}; {UNTOUCHED}")]
    NeverStarted {
        /// What the store is called.
        store: String,
        /// What the log is called.
        log: String,
        /// What shows it.
        evidence: String,
    },
    /// Parts that were never together.
    #[error("{one} and {other} belong to different installations; {UNTOUCHED}")]
    Strangers {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// Parts of one installation that were not last used together.
    #[error("{one} and {other} were not last used together: {evidence}; {UNTOUCHED}")]
    Apart {
        /// The one.
        one: String,
        /// The other.
        other: String,
        /// What shows it.
        evidence: String,
    },
}

/// What holds of every refusal. Opening may have brought tables up to date; parts that were not there
/// and were made by opening are removed again.
const UNTOUCHED: &str = "nothing was started, no event, user or definition was changed";

/// What the parts are called.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) store: String,
    pub(super) log: String,
    pub(super) history: String,
}

impl Names {
    pub(super) fn new(parts: &Parts, directory: &DataDirectory) -> Self {
        Self {
            store: format!("the store {}", parts.store_place),
            log: format!("the log in {}", directory.log().display()),
            history: format!("the history in {}", directory.history().display()),
        }
    }

    pub(super) fn store_too_old(&self, evidence: String) -> Refusal {
        Refusal::TooOld { older: self.store.clone(), newer: self.log.clone(), evidence }
    }

    pub(super) fn log_too_old(&self, evidence: String) -> Refusal {
        Refusal::TooOld { older: self.log.clone(), newer: self.store.clone(), evidence }
    }
}

/// Returns what can be done when the parts of a directory do not belong together.
pub(crate) fn advice(error: &anyhow::Error, directory: &Path, store: &StoreOptions) -> Option<String> {
    let refusal = error.downcast_ref::<Refusal>()?;
    let directory = directory.display();
    let seen = match refusal {
        Refusal::LogTooShort { .. } => {
            format!(
                "either the disk lost the end of the log, or `log` is an older copy than the rest of {directory}, or \
                 from another one than that"
            )
        }
        Refusal::HistoryTooOld { .. } => {
            format!("`history` was lost, or is a much older copy than the rest of {directory}")
        }
        Refusal::TooOld { older, .. } => format!("{older} was lost, or is an older copy than the rest of {directory}"),
        Refusal::NeverStarted { store, .. } => {
            format!(
                "either `shoal import` was interrupted, which goes on when it is started again, or {store} was lost"
            )
        }
        Refusal::Strangers { .. } => "a part of another installation was put there".to_owned(),
        Refusal::Apart { .. } => {
            format!(
                "a part is from another copy of {directory}, one that went on by itself or that was made while it ran"
            )
        }
    };
    let of_history = match refusal {
        Refusal::Strangers { one, .. } | Refusal::Apart { one, .. } if one.starts_with("the history") => {
            ", or move `history` away, which is then filled anew from a log that still has everything"
        }
        _ => "",
    };
    let store = if store.url.is_empty() { "`shoal.sqlite`" } else { "the database of STORE_URL" };
    Some(format!(
        "{seen}: put back `log`, `history` and {store} from one copy of {directory} that was made while nothing \
         ran{of_history}, or begin anew with another --data"
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_store_to_put_back_is_the_one_that_is_used() {
        let refusal = Refusal::Strangers { one: "the one".to_owned(), other: "the other".to_owned() };
        for (url, told) in [("", "`shoal.sqlite`"), ("postgres://there/shoal", "the database of STORE_URL")] {
            let store = StoreOptions {
                url: url.to_owned(),
                file: PathBuf::from("data/shoal.sqlite"),
                max_connections: 1,
                acquire_timeout: Duration::ZERO,
                statement_timeout: Duration::ZERO,
            };
            let error = anyhow::Error::from(refusal.clone()).context("exporting it");
            let advice = advice(&error, Path::new("data"), &store).unwrap();
            assert!(advice.contains(&format!("put back `log`, `history` and {told} from")), "{advice}");
        }
    }
}
