//! What an export is made of: `manifest.json`, written last, says which files there are and what they must be.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schema::{Definitions, Generation, LogRecord, Offset, PartitionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use store::transfer::Table;

use super::lines::Files;

const NAME: &str = "manifest.json";
/// Counted up when an older `shoal` could not read what is written. 2 may have memberships that are behind
/// the changes, which 1 had not.
const FORMAT: u32 = 2;
const OLDEST_FORMAT: u32 = 1;

/// Everything that is in an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// Which `shoal` wrote it, for people.
    made_by: String,
    /// How many partitions the log has.
    pub(super) partitions: u16,
    /// The generation of the store's definitions.
    pub(super) generation: Generation,
    /// Each partition, ascending.
    pub(super) log: Vec<ExportedPartition>,
    /// The rows of each table of the store, by its name.
    pub(super) store: BTreeMap<String, Files>,
    /// The greatest id that each numbered table ever gave.
    pub(super) last_ids: BTreeMap<String, i64>,
}

/// A partition of the log. Places in it are counted anew, from 0, over the lines of `events`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ExportedPartition {
    pub(super) partition: PartitionId,
    /// The first event that is not in the state.
    pub(super) next_offset: Offset,
    /// The partition's clock at its last commit.
    pub(super) now: Timestamp,
    /// The partition's log time at its last commit.
    pub(super) log_time: Timestamp,
    /// The definitions by which its state was made; absent before the first.
    pub(super) definitions: Option<Definitions>,
    /// [`EventLine`]: what happened, the oldest first; also what the log had trimmed and the history kept.
    pub(super) events: Files,
    /// `SegmentChange`: what was published, as far as the log keeps it, and the last of every other user.
    pub(super) changes: Files,
    /// How many of `changes` the memberships are made of; absent: all.
    #[serde(default)]
    pub(super) projected: Option<u64>,
    /// [`StateLine`]: the segmenter's state of each user.
    pub(super) states: Files,
    /// Records of the log that are none; they stay behind.
    pub(super) unreadable: u64,
}

impl ExportedPartition {
    /// Returns how many of its changes the memberships are made of.
    pub(super) fn projected_changes(&self) -> u64 {
        self.projected.unwrap_or(self.changes.records)
    }
}

/// One record of the log: its text, byte for byte.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct EventLine {
    pub(super) record: String,
}

/// The segmenter's state of one user, as the log keeps it, in base64.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct StateLine {
    pub(super) user_id: UserId,
    state: String,
}

impl EventLine {
    pub(super) fn new(record: &LogRecord) -> anyhow::Result<Self> {
        Ok(Self { record: String::from_utf8(record.encode()).context("a record is no text")? })
    }

    pub(super) fn decode(&self) -> anyhow::Result<LogRecord> {
        LogRecord::decode(self.record.as_bytes()).context("reading a record of the export")
    }
}

impl StateLine {
    pub(super) fn new(user_id: UserId, state: &[u8]) -> Self {
        Self { user_id, state: STANDARD.encode(state) }
    }

    pub(super) fn decode(&self) -> anyhow::Result<Vec<u8>> {
        STANDARD.decode(&self.state).with_context(|| format!("reading the state of user {}", self.user_id))
    }
}

impl Manifest {
    pub(super) fn new(partitions: u16) -> Self {
        Self {
            format: FORMAT,
            made_by: format!("shoal {}", env!("CARGO_PKG_VERSION")),
            partitions,
            generation: Generation::default(),
            log: Vec::new(),
            store: BTreeMap::new(),
            last_ids: BTreeMap::new(),
        }
    }

    /// Writes it; from then on the folder is an export.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let (begun, path) = (folder.join(format!("{NAME}.begun")), folder.join(NAME));
        let mut file = File::create(&begun).with_context(|| format!("making {}", begun.display()))?;
        let text = serde_json::to_vec_pretty(self).context("encoding the manifest")?;
        file.write_all(&text).and_then(|()| file.sync_all()).with_context(|| format!("writing {}", begun.display()))?;
        std::fs::rename(&begun, &path).with_context(|| format!("making {}", path.display()))?;
        File::open(folder).and_then(|folder| folder.sync_all()).context("writing the folder")
    }

    /// Reads it, and refuses one of a later format.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct FormatOnly {
            format: u32,
        }
        let path = folder.join(NAME);
        let text = std::fs::read(&path)
            .with_context(|| format!("reading {}: an export has it when it is complete", path.display()))?;
        let FormatOnly { format } =
            serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
        ensure!(
            (OLDEST_FORMAT..=FORMAT).contains(&format),
            "the export has format {format}, this shoal reads {OLDEST_FORMAT} to {FORMAT}"
        );
        let manifest: Self = serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
        let named = manifest.log.iter().map(|partition| partition.partition);
        ensure!(named.eq((0..manifest.partitions).map(PartitionId)), "the manifest lacks partitions");
        ensure!(
            Table::ALL.iter().all(|table| manifest.store.contains_key(table.as_str())),
            "the manifest lacks tables"
        );
        Ok(manifest)
    }

    /// Compares every file with what it must be.
    pub(super) fn verify(&self, folder: &Path) -> anyhow::Result<()> {
        let of_log = self.log.iter().flat_map(|partition| [&partition.events, &partition.changes, &partition.states]);
        of_log.chain(self.store.values()).try_for_each(|files| files.verify(folder))
    }

    /// What is in it, for people.
    pub(super) fn summary(&self) -> String {
        let sum = |of: fn(&ExportedPartition) -> u64| self.log.iter().map(of).sum::<u64>();
        let rows = |table: Table| self.store.get(table.as_str()).map_or(0, |files| files.records);
        format!(
            "{} users, {} segments, {} events, {} changes, {} memberships",
            rows(Table::Users),
            rows(Table::Segments),
            sum(|partition| partition.events.records),
            sum(|partition| partition.changes.records),
            rows(Table::Memberships)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, told: &str) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), text).unwrap();
        let error = format!("{:#}", Manifest::read(folder.path()).unwrap_err());
        assert!(error.contains(told), "{error}");
    }

    #[test]
    fn a_manifest_of_another_format_or_without_its_parts_is_refused() {
        check_refused(r#"{"format":3,"anything":"else"}"#, "the export has format 3, this shoal reads 1 to 2");
        let mut manifest = Manifest::new(1);
        check_refused(&serde_json::to_string(&manifest).unwrap(), "the manifest lacks partitions");
        manifest.partitions = 0;
        check_refused(&serde_json::to_string(&manifest).unwrap(), "the manifest lacks tables");
    }

    #[test]
    fn memberships_of_format_1_are_made_of_all_changes() {
        let exported = r#"{"partition":0,"next_offset":0,"now":"1970-01-01T00:00:00Z","log_time":"1970-01-01T00:00:00Z",
            "definitions":null,"events":{"records":0,"files":[]},"changes":{"records":7,"files":[]},
            "states":{"records":0,"files":[]},"unreadable":0}"#;
        let exported: ExportedPartition = serde_json::from_str(exported).unwrap();
        assert_eq!(exported.projected_changes(), 7);
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_export() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", Manifest::read(folder.path()).unwrap_err());
        assert!(error.contains("an export has it when it is complete"), "{error}");
    }
}
