//! States of users in one file without a name: it is gone when the process is, however that ends.
//!
//! Written at the end and read from anywhere. What was read back leaves a hole; when the holes are most of the
//! file, what is left moves to a new one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use schema::UserId;

/// Holes below this are left alone.
const MIN_HOLES_BYTES: u64 = 16 * 1024 * 1024;

/// How many bytes all files of a process may have, and have.
#[derive(Debug)]
pub(crate) struct DiskSpace {
    used: AtomicU64,
    at_most: u64,
}

impl DiskSpace {
    pub(crate) const fn new(at_most: u64) -> Self {
        Self { used: AtomicU64::new(0), at_most }
    }

    fn claim(&self, bytes: u64) -> bool {
        let claimed = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.at_most);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claimed).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Where a state lies.
#[derive(Clone, Copy, Debug)]
struct Extent {
    begin: u64,
    length: usize,
}

/// The states of some users of one partition.
#[derive(Debug)]
pub(super) struct SpillFile {
    directory: PathBuf,
    space: Arc<DiskSpace>,
    /// Made when it is first needed.
    file: Option<File>,
    extents: BTreeMap<UserId, Extent>,
    live_bytes: u64,
    end: u64,
    /// Holes that could not be closed: so many bytes are left alone.
    open_holes: u64,
}

impl SpillFile {
    pub(super) fn new(directory: &Path, space: Arc<DiskSpace>) -> Self {
        let directory = directory.to_owned();
        Self { directory, space, file: None, extents: BTreeMap::new(), live_bytes: 0, end: 0, open_holes: 0 }
    }

    /// Writes a user's state; an error when there is no space, and nothing happened then.
    pub(super) fn put(&mut self, user_id: UserId, state: &[u8]) -> Result<()> {
        let length = state.len() as u64;
        if !self.space.claim(length) {
            return Err(Error::other("`spill.disk_bytes` are used up"));
        }
        let begin = self.end;
        if let Err(error) = self.write_at(begin, state) {
            self.space.give_back(length);
            return Err(error);
        }
        self.end += length;
        self.live_bytes += length;
        self.extents.insert(user_id, Extent { begin, length: state.len() });
        Ok(())
    }

    /// Reads a user's state and forgets it; `None` of one who is not here.
    pub(super) fn take(&mut self, user_id: UserId) -> Result<Option<Vec<u8>>> {
        let Some(extent) = self.extents.get(&user_id).copied() else { return Ok(None) };
        let state = self.read(extent)?;
        self.extents.remove(&user_id);
        self.live_bytes -= extent.length as u64;
        if self.extents.is_empty() {
            self.empty();
        } else if self.holes() > self.live_bytes.max(MIN_HOLES_BYTES + self.open_holes) {
            self.open_holes = match self.close_holes() {
                Ok(()) => 0,
                Err(error) => {
                    tracing::warn!(%error, bytes = self.holes(), "holes in the file of large users stay");
                    self.holes()
                }
            };
        }
        Ok(Some(state))
    }

    /// Returns how many users are here, and their bytes.
    pub(super) fn usage(&self) -> (u64, u64) {
        (self.extents.len() as u64, self.live_bytes)
    }

    fn write_at(&mut self, begin: u64, bytes: &[u8]) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(new_file(&self.directory)?),
        };
        file.seek(SeekFrom::Start(begin))?;
        file.write_all(bytes)
    }

    fn read(&mut self, extent: Extent) -> Result<Vec<u8>> {
        let file = self.file.as_mut().ok_or_else(|| Error::other("there is no file"))?;
        let mut state = vec![0; extent.length];
        file.seek(SeekFrom::Start(extent.begin))?;
        file.read_exact(&mut state)?;
        Ok(state)
    }

    fn empty(&mut self) {
        self.space.give_back(self.end);
        (self.file, self.end, self.open_holes) = (None, 0, 0);
    }

    const fn holes(&self) -> u64 {
        self.end - self.live_bytes
    }

    /// Moves what is here to a new file, for which there must be space as well for a moment. When that fails, it
    /// stays where it is.
    fn close_holes(&mut self) -> Result<()> {
        let bytes = self.live_bytes;
        if !self.space.claim(bytes) {
            return Err(Error::other("`spill.disk_bytes` are used up"));
        }
        let moved = self.move_all();
        self.space.give_back(if moved.is_ok() { self.end } else { bytes });
        (self.file, self.extents, self.end) = moved.map(|(file, extents)| (Some(file), extents, bytes))?;
        Ok(())
    }

    fn move_all(&mut self) -> Result<(File, BTreeMap<UserId, Extent>)> {
        let mut next = new_file(&self.directory)?;
        let mut moved = BTreeMap::new();
        let mut end = 0;
        let all: Vec<(UserId, Extent)> = self.extents.iter().map(|(user_id, extent)| (*user_id, *extent)).collect();
        for (user_id, extent) in all {
            let state = self.read(extent)?;
            next.write_all(&state)?;
            moved.insert(user_id, Extent { begin: end, ..extent });
            end += extent.length as u64;
        }
        Ok((next, moved))
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        self.empty();
    }
}

fn new_file(directory: &Path) -> Result<File> {
    if directory.as_os_str().is_empty() {
        return tempfile::tempfile();
    }
    std::fs::create_dir_all(directory)?;
    tempfile::tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(at_most: u64) -> SpillFile {
        SpillFile::new(Path::new(""), Arc::new(DiskSpace::new(at_most)))
    }

    #[test]
    fn what_was_put_is_taken_once() {
        let mut file = file(100);
        file.put(UserId(1), b"one").unwrap();
        file.put(UserId(2), b"second").unwrap();
        assert_eq!(file.usage(), (2, 9));
        assert_eq!(file.take(UserId(1)).unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(file.take(UserId(1)).unwrap(), None);
        assert_eq!(file.take(UserId(2)).unwrap().as_deref(), Some(&b"second"[..]));
        assert_eq!((file.usage(), file.end), ((0, 0), 0));
    }

    #[test]
    fn no_more_is_written_than_there_is_space_and_what_is_read_back_makes_space() {
        let mut file = file(8);
        file.put(UserId(1), b"12345").unwrap();
        assert!(file.put(UserId(2), b"1234").is_err());
        file.put(UserId(3), b"123").unwrap();
        assert!(file.take(UserId(1)).unwrap().is_some());
        assert!(file.take(UserId(3)).unwrap().is_some());
        file.put(UserId(2), b"12345678").unwrap();
    }

    #[test]
    fn holes_are_closed_when_they_are_most_of_the_file() {
        let mut file = file(u64::MAX);
        let state = |user: i64| vec![user as u8; 1024 * 1024];
        (0..40).for_each(|user| file.put(UserId(user), &state(user)).unwrap());
        for user in 0..30 {
            assert_eq!(file.take(UserId(user)).unwrap(), Some(state(user)));
        }
        assert!(file.end < 30 * 1024 * 1024, "{} bytes", file.end);
        assert_eq!(file.space.used.load(Ordering::Relaxed), file.end);
        for user in 30..40 {
            assert_eq!(file.take(UserId(user)).unwrap(), Some(state(user)), "user {user}");
        }
        assert_eq!(file.space.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_state_is_given_back_also_when_there_is_no_space_to_close_the_holes() {
        let state = |user: i64| vec![user as u8; 1024 * 1024];
        let mut file = file(40 * 1024 * 1024);
        (0..40).for_each(|user| file.put(UserId(user), &state(user)).unwrap());
        for user in 0..40 {
            assert_eq!(file.take(UserId(user)).unwrap(), Some(state(user)), "user {user}");
            assert!(file.end == 0 || file.end == 40 * 1024 * 1024, "there was space for a second file");
        }
        assert_eq!(file.space.used.load(Ordering::Relaxed), 0);
    }
}
