//! `shoal migrate`: bring the store to this version's schema.
//!
//! Every process does the same when it opens the store; this is for those who want it to be a step of its own.

use anyhow::Context as _;
use clap::Args;

use crate::cli::Verdict;
use crate::store_command::StorePlace;
use crate::terminal;

/// Apply the store's migrations to a data directory, or to a server
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    place: StorePlace,
}

pub(crate) async fn run(args: MigrateArgs) -> anyhow::Result<Verdict> {
    let options = args.place.options(true)?;
    store::open(&options).await.with_context(|| format!("migrating {}", options.place()))?;
    terminal::say(format_args!("{} is up to date", options.place()));
    Ok(Verdict::Success)
}
