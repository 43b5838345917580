//! All scenario files below a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::run;

/// What became of the files of a folder.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many scenarios were played.
    pub scenarios: usize,
    /// Those that were rewritten.
    pub blessed: Vec<PathBuf>,
    /// Those that failed, and why.
    pub failures: Vec<(PathBuf, anyhow::Error)>,
}

/// Plays every `*.seg` file below `directory`, in order of their paths; with `bless` expectations
/// that differ are rewritten.
pub fn test_directory(directory: &Path, bless: bool) -> Result<Summary> {
    let mut summary = Summary::default();
    for file in below(directory)? {
        summary.scenarios += 1;
        match test_file(&file, bless) {
            Ok(true) => summary.blessed.push(file),
            Ok(false) => {}
            Err(error) => summary.failures.push((file, error)),
        }
    }
    Ok(summary)
}

/// Returns whether the file was rewritten.
fn test_file(file: &Path, bless: bool) -> Result<bool> {
    let text = fs::read_to_string(file)?;
    match run::check(&text) {
        Err(_) if bless => {
            fs::write(file, run::bless(&text)?)?;
            Ok(true)
        }
        checked => checked.map(|()| false),
    }
}

/// Returns every `*.seg` file below a folder, in order of their paths.
pub(super) fn below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(directory, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let reading = || format!("reading {}", directory.display());
    for entry in fs::read_dir(directory).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "seg") {
            files.push(path);
        }
    }
    Ok(())
}
