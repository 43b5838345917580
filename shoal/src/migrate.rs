//! `shoal migrate`: bring the definitions of a data directory to this version's schema.
//!
//! `up` does the same when it opens the store; this is for those who want it to be a step of its own.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::cli::Verdict;
use crate::terminal;
use crate::up::DataDirectory;

/// Apply the store's migrations to a data directory
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    /// The data directory of `shoal up`
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
}

pub(crate) async fn run(args: MigrateArgs) -> anyhow::Result<Verdict> {
    let directory = DataDirectory::create(&args.data)?;
    let path = directory.store();
    store::sqlite::SqliteStore::open(&path).await.with_context(|| format!("migrating {}", path.display()))?;
    terminal::say(format_args!("{} is up to date", path.display()));
    Ok(Verdict::Success)
}
