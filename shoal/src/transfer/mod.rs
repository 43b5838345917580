//! `shoal export` and `shoal import`: an installation as a folder of files, and a new one from it.
//!
//! What is in the folder is the same whatever the installation runs on, so it is the way from one data
//! directory to brokers and Postgres, and back, and to another number of partitions. Both ends are opened
//! as the services open them ([`place`]); what is written is said in [`manifest`] and docs/export.md; who
//! reads the log and the store is [`mod@export`], who fills them [`mod@import`]. The new installation goes on where
//! the old one stopped: same ids, same `seq`, no change twice.

mod export;
mod import;
mod lines;
mod manifest;
mod merging;
mod past;
mod place;
mod rows;

pub(crate) use past::recorded;
pub(crate) use rows::for_each_row;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::cli::Verdict;
use crate::terminal;

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
    let place = place::Place::open(&args.data, false).await?;
    let exported = export::export(&place, &args.to).await;
    let name = place.name().to_owned();
    place.close(exported.as_ref().err()).await;
    let manifest = exported.with_context(|| format!("exporting {name}"))?;
    terminal::say(format_args!("{name} is in {}: {}", args.to.display(), manifest.summary()));
    Ok(Verdict::Success)
}

pub(crate) async fn import(args: ImportArgs) -> anyhow::Result<Verdict> {
    let manifest = manifest::Manifest::read(&args.from)?;
    // Before anything is opened: a file that was damaged on its way must not become half an installation.
    manifest.verify(&args.from).context("comparing the files with their checksums")?;
    let place = place::Place::open(&args.data, true).await?;
    let imported = import::import(&manifest, &args.from, &place).await;
    let name = place.name().to_owned();
    place.close(imported.as_ref().err()).await;
    imported.with_context(|| format!("importing into {name}"))?;
    terminal::say(format_args!("{name} holds all of {}: {}", args.from.display(), manifest.summary()));
    Ok(Verdict::Success)
}
