//! When users are large, and where they are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// When users are large, and where they are kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpillConfig {
    /// A user whose stored state has more bytes than this is large.
    pub user_bytes: usize,
    /// How many stored bytes large users of one partition stay in memory with, besides those of the last commit.
    pub resident_bytes: usize,
    /// How many bytes are on disk at most; large users beyond stay in memory.
    pub disk_bytes: u64,
    /// Where; empty is the system's folder for temporary files.
    pub directory: PathBuf,
}

impl SpillConfig {
    pub(crate) fn problems(&self) -> Vec<String> {
        let zero = self.user_bytes == 0;
        zero.then(|| "`spill.user_bytes` must be at least 1".to_owned()).into_iter().collect()
    }
}
