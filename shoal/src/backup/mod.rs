//! `shoal backup` and `shoal restore`: a copy of an installation that goes on, and an installation from a copy.
//!
//! What is copied, and in which order so that it belongs together, is `transfer`'s. Here is who does it: a data
//! directory belongs to the process that has it open, so that one is asked, over a socket in the directory
//! ([`asking`], [`answering`]); of an installation on servers this process reads everything itself. A restored
//! directory gets its name when it is whole ([`restoring`]).

mod answering;
mod asking;
mod restoring;
mod socket;

pub(crate) use answering::Answering;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::cli::Verdict;
use crate::{terminal, transfer};

/// Copy everything an installation holds to a folder, while it runs
#[derive(Args, Debug)]
pub(crate) struct BackupArgs {
    /// The folder to make
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// The data directory of `shoal up`; with BUS_BROKERS and STORE_URL set, the installation on those servers
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
}

/// Make an installation from a folder that `shoal backup` or `shoal export` wrote, and check that it holds all of it
#[derive(Args, Debug)]
pub(crate) struct RestoreArgs {
    /// The folder
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// The data directory to make; with BUS_BROKERS and STORE_URL set, empty topics and an empty database there
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
}

pub(crate) async fn backup(args: BackupArgs) -> anyhow::Result<Verdict> {
    let to = absolute(&args.to)?;
    let summary = match asking::ask(&args.data, &to).await? {
        Some(summary) => summary,
        None => transfer::back_up_at(&args.data, &to).await?,
    };
    terminal::say(format_args!("backed up to {}: {summary}", to.display()));
    Ok(Verdict::Success)
}

pub(crate) async fn restore(args: RestoreArgs) -> anyhow::Result<Verdict> {
    restoring::restore(&args.from, &args.data).await
}

/// Another process works in another folder.
fn absolute(folder: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(folder).with_context(|| format!("finding {}", folder.display()))
}
