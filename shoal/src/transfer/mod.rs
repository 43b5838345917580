//! `shoal export` and `shoal import`: an installation as a folder of files, and a new one from it.
//!
//! What is in the folder is the same whatever the installation runs on, so it is the way from one data
//! directory to brokers and Postgres, and back, and to another number of partitions. Both ends are opened
//! as the services open them ([`place`]); what is written is said in [`manifest`] and docs/export.md; who
//! reads the log and the store is [`mod@export`], who fills them [`mod@import`]. The new installation goes on where
//! the old one stopped: same ids, same `seq`, no change twice.

mod cut;
mod events;
mod export;
mod import;
mod lines;
mod manifest;
mod merging;
#[cfg(test)]
mod moving;
mod partition;
mod past;
mod place;
mod rows;
#[cfg(test)]
mod trimming;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use store::StoreOptions;

use crate::cli::Verdict;
use crate::installation::{DataDirectory, Parts};
use crate::terminal;
use manifest::Manifest;
use place::{Place, Purpose};

/// Write everything an installation holds to a folder, while none of its services runs
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The folder to make
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    /// The data directory of `shoal up`; with BUS_BROKERS and STORE_URL set, the installation on those servers
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
}

/// Make an installation from a folder that `shoal export` wrote, and check that it holds all of it
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The folder
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    /// The data directory to make; with BUS_BROKERS and STORE_URL set, empty topics and an empty database there
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
}

pub(crate) async fn export(args: ExportArgs) -> anyhow::Result<Verdict> {
    let place = Place::open(&args.data, Purpose::Read).await?;
    let exported = export::export(&place, &args.to).await;
    let name = place.name().to_owned();
    place.close(exported.as_ref().err()).await;
    let manifest = exported.with_context(|| format!("exporting {name}"))?;
    terminal::say(format_args!("{name} is in {}: {}", args.to.display(), manifest.summary()));
    Ok(Verdict::Success)
}

pub(crate) async fn import(args: ImportArgs) -> anyhow::Result<Verdict> {
    Copy::verified(&args.from)?.bring(&args.data, None).await
}

/// Whether the environment names an installation on servers.
pub(crate) fn is_on_servers() -> anyhow::Result<bool> {
    place::is_on_servers()
}

/// Copies the installation that this process runs; returns what is in the copy.
pub(crate) async fn back_up_running(
    parts: Parts,
    directory: DataDirectory,
    store: StoreOptions,
    to: &Path,
) -> anyhow::Result<String> {
    Ok(export::back_up(&Place::of_running(parts, directory, store), to).await?.summary())
}

/// Copies an installation on servers, or a data directory that no process has open; returns what is in the copy.
pub(crate) async fn back_up_at(data: &Path, to: &Path) -> anyhow::Result<String> {
    let place = Place::open(data, Purpose::Read).await?;
    let copied = async {
        place.require_whole().await?;
        export::back_up(&place, to).await
    };
    let copied = copied.await;
    let name = place.name().to_owned();
    place.close(copied.as_ref().err()).await;
    Ok(copied.with_context(|| format!("backing up {name}"))?.summary())
}

/// A folder whose files are as its manifest says.
pub(crate) struct Copy {
    folder: PathBuf,
    manifest: Manifest,
}

impl Copy {
    /// Looks at everything before anything is opened: a file that was damaged on its way must not become half
    /// an installation.
    pub(crate) fn verified(folder: &Path) -> anyhow::Result<Self> {
        let manifest = Manifest::read(folder)?;
        manifest.verify(folder).context("comparing the files with their checksums")?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// Returns how many partitions it has.
    pub(crate) fn partitions(&self) -> u16 {
        self.manifest.partitions
    }

    /// Brings it to the place that the environment names, or to a directory, with as many partitions as are
    /// configured unless they are given.
    pub(crate) async fn bring(&self, data: &Path, partitions: Option<u16>) -> anyhow::Result<Verdict> {
        let place = Place::open(data, Purpose::Make { partitions }).await?;
        let imported = import::import(&self.manifest, &self.folder, &place).await;
        let name = place.name().to_owned();
        place.close(imported.as_ref().err()).await;
        imported.with_context(|| format!("importing into {name}"))?;
        terminal::say(format_args!("{name} holds all of {}: {}", self.folder.display(), self.manifest.summary()));
        Ok(Verdict::Success)
    }
}
