//! Restoring: a data directory is made beside its place and gets its name when all of it is there.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::cli::Verdict;
use crate::{terminal, transfer};

/// What a directory is called while it is made.
const SUFFIX: &str = ".restoring";

/// Makes an installation of a copy whose files are as the manifest says.
pub(super) async fn restore(from: &Path, data: &Path) -> anyhow::Result<Verdict> {
    let copy = transfer::Copy::verified(from)?;
    if transfer::is_on_servers()? {
        return copy.bring(data, None).await;
    }
    require_nothing(data)?;
    let making = beside(data)?;
    let told = "`shoal restore` goes on with it when it is started again";
    let brought = copy.bring(&making, Some(copy.partitions())).await;
    brought.with_context(|| format!("{} is not complete; {told}", making.display()))?;
    name(&making, data)?;
    terminal::say(format_args!("{} is restored; start it with `shoal up --data {}`", data.display(), data.display()));
    Ok(Verdict::Success)
}

fn require_nothing(data: &Path) -> anyhow::Result<()> {
    let is_nothing = match std::fs::read_dir(data) {
        Ok(mut inside) => inside.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    ensure!(is_nothing, "{} is not empty: a restore makes a new installation", data.display());
    Ok(())
}

fn beside(data: &Path) -> anyhow::Result<PathBuf> {
    let data = std::path::absolute(data).with_context(|| format!("finding {}", data.display()))?;
    let mut name: OsString = data.file_name().context("the data directory has no name")?.to_owned();
    name.push(SUFFIX);
    Ok(data.with_file_name(name))
}

/// The parts have synced what is in them; the names of their folders and this one are left.
fn name(making: &Path, data: &Path) -> anyhow::Result<()> {
    let renaming = || -> std::io::Result<()> {
        File::open(making)?.sync_all()?;
        if data.exists() {
            std::fs::remove_dir(data)?;
        }
        std::fs::rename(making, data)?;
        match making.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    renaming().with_context(|| format!("renaming {} to {}", making.display(), data.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_holds_anything_is_not_restored_into() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        require_nothing(&data).unwrap();
        std::fs::create_dir(&data).unwrap();
        require_nothing(&data).unwrap();
        let making = beside(&data).unwrap();
        std::fs::create_dir(&making).unwrap();
        std::fs::write(making.join("log"), "").unwrap();
        name(&making, &data).unwrap();
        assert!(data.join("log").exists() && !making.exists());
        let refused = require_nothing(&data).unwrap_err().to_string();
        assert!(refused.contains("is not empty"), "{refused}");
    }
}
