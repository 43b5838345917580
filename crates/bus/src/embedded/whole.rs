//! Folders of databases that are made as a whole or not at all.
//!
//! A database that was being made when the process was killed cannot be opened, and cannot be made
//! either, because something is there. So it is made beside its place, with everything that is
//! checked when it is opened, and moved.

use std::fs::File;
use std::io;
use std::path::Path;

/// Calls `make` for a folder beside `dir` and moves that to `dir`, unless that is there already: also an
/// empty one may be another disk's.
///
/// What a kill left of an earlier attempt is removed. `make` must have closed what it made.
pub fn make_whole<E>(
    dir: &Path,
    of_io: impl Fn(io::Error) -> E,
    make: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    if dir.try_exists().map_err(&of_io)? {
        return Ok(());
    }
    let making = dir.with_extension("making");
    match std::fs::remove_dir_all(&making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(of_io(error)),
        _ => {}
    }
    make(&making)?;
    put_in_place(&making, dir).map_err(of_io)
}

fn put_in_place(making: &Path, dir: &Path) -> io::Result<()> {
    std::fs::rename(making, dir)?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("whole"), "whole")
    }

    #[test]
    fn what_a_kill_left_of_a_folder_is_not_taken_for_it() {
        let parent = tempfile::TempDir::new().unwrap();
        let dir = parent.path().join("log");
        let interrupted = |folder: &Path| {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join("half"), "half")?;
            Err(io::Error::other("killed"))
        };
        make_whole(&dir, |error| error, interrupted).unwrap_err();
        assert!(!dir.exists());
        make_whole(&dir, |error| error, make).unwrap();
        let names = || std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names(), ["whole"]);
        make_whole(&dir, |error| error, interrupted).unwrap();
        assert_eq!(names(), ["whole"], "what is there stays");
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
