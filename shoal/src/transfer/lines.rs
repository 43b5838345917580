//! Files of lines: each line one JSON value, each file bounded, with its checksum.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::merging::Sequence;

/// A file is ended when it has this many bytes: small enough to be sent and checked one by one.
const FILE_BYTES: u64 = 64 * 1_024 * 1_024;

/// The files that hold some kind of record, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Files {
    /// Lines of all of them.
    pub(super) records: u64,
    /// Each of them.
    pub(super) files: Vec<FileSum>,
}

/// One file and what it must be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct FileSum {
    /// Its path in the export.
    pub(super) name: String,
    /// How long it is.
    pub(super) bytes: u64,
    /// XXH3 (128 bits) of its bytes, in hexadecimal.
    pub(super) xxh3: String,
}

/// Writes lines to a sequence of files `PREFIX-0001.ndjson`, ….
pub(super) struct LineWriter {
    folder: PathBuf,
    prefix: String,
    done: Files,
    current: Option<Current>,
}

struct Current {
    name: String,
    file: BufWriter<File>,
    bytes: u64,
    sum: Xxh3,
}

impl LineWriter {
    pub(super) fn new(folder: &Path, prefix: impl Into<String>) -> Self {
        Self { folder: folder.to_owned(), prefix: prefix.into(), done: Files::default(), current: None }
    }

    /// Appends one value as a line.
    pub(super) fn push(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(value).context("encoding a line")?;
        line.push(b'\n');
        let current = match self.current.take() {
            Some(current) => current,
            None => self.begin()?,
        };
        let current = self.current.insert(current);
        current.file.write_all(&line).with_context(|| format!("writing {}", current.name))?;
        current.sum.update(&line);
        current.bytes += line.len() as u64;
        self.done.records += 1;
        if current.bytes >= FILE_BYTES { self.end() } else { Ok(()) }
    }

    /// Ends the last file; what was written is on disk when this returns.
    pub(super) fn finish(mut self) -> anyhow::Result<Files> {
        self.end()?;
        Ok(self.done)
    }

    fn begin(&self) -> anyhow::Result<Current> {
        let name = format!("{}-{:04}.ndjson", self.prefix, self.done.files.len() + 1);
        let path = self.folder.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        }
        let file = File::create_new(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Current { name, file: BufWriter::new(file), bytes: 0, sum: Xxh3::new() })
    }

    fn end(&mut self) -> anyhow::Result<()> {
        let Some(Current { name, file, bytes, sum }) = self.current.take() else { return Ok(()) };
        let file = file.into_inner().map_err(|error| error.into_error());
        file.and_then(|file| file.sync_all()).with_context(|| format!("writing {name}"))?;
        self.done.files.push(FileSum { name, bytes, xxh3: hexadecimal(&sum) });
        Ok(())
    }
}

fn hexadecimal(sum: &Xxh3) -> String {
    format!("{:032x}", sum.digest128())
}

impl Files {
    /// Compares every file with its length and checksum, and counts its lines.
    pub(super) fn verify(&self, folder: &Path) -> anyhow::Result<()> {
        let mut records = 0;
        for file in &self.files {
            records += file.verify(folder).with_context(|| format!("the file {}", file.name))?;
        }
        ensure!(records == self.records, "there are {records} lines and not {}", self.records);
        Ok(())
    }

    /// Reads all lines.
    pub(super) fn read<T: DeserializeOwned + Send + 'static>(&self, folder: &Path) -> Sequence<T> {
        let paths: Vec<PathBuf> = self.files.iter().map(|file| folder.join(&file.name)).collect();
        Box::new(paths.into_iter().flat_map(|path| lines(&path)))
    }
}

impl FileSum {
    fn verify(&self, folder: &Path) -> anyhow::Result<u64> {
        let (mut file, mut sum, mut bytes, mut lines) = (File::open(folder.join(&self.name))?, Xxh3::new(), 0, 0);
        let mut buffer = vec![0; 1_024 * 1_024];
        loop {
            let read = file.read(&mut buffer)?;
            let Some(some) = buffer.get(..read).filter(|some| !some.is_empty()) else { break };
            sum.update(some);
            bytes += read as u64;
            lines += some.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        ensure!(bytes == self.bytes, "has {bytes} bytes and not {}", self.bytes);
        ensure!(hexadecimal(&sum) == self.xxh3, "has another checksum than the manifest says");
        Ok(lines)
    }
}

fn lines<T: DeserializeOwned + Send + 'static>(path: &Path) -> Sequence<T> {
    let path = path.to_owned();
    match File::open(&path) {
        Err(error) => {
            let error = anyhow::Error::from(error).context(format!("opening {}", path.display()));
            Box::new(std::iter::once(Err(error)))
        }
        Ok(file) => Box::new(BufReader::new(file).lines().map(move |line| {
            let line = line.with_context(|| format!("reading {}", path.display()))?;
            serde_json::from_str(&line).with_context(|| format!("reading a line of {}", path.display()))
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> Files {
        let mut writer = LineWriter::new(folder, "log/p00001/events");
        for number in 0..10 {
            writer.push(&number).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let files = written(folder.path());
        files.verify(folder.path()).unwrap();
        let read: Vec<u64> = files.read(folder.path()).collect::<Result<_, _>>().unwrap();
        assert_eq!((files.records, read), (10, (0..10).collect()));
    }

    #[test]
    fn a_file_that_was_changed_cut_or_lost_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = written(folder.path());
        let path = folder.path().join("log/p00001/events-0001.ndjson");
        let told = || format!("{:#}", files.verify(folder.path()).unwrap_err());
        std::fs::write(&path, "0\n1\n2\n3\n4\n5\n6\n7\n8\n8\n").unwrap();
        assert!(told().contains("events-0001.ndjson: has another checksum"), "{}", told());
        std::fs::write(&path, "0\n").unwrap();
        assert!(told().contains("has 2 bytes and not 20"), "{}", told());
        std::fs::remove_file(&path).unwrap();
        assert!(told().contains("events-0001.ndjson"), "{}", told());
    }
}
