//! `shoal test`: scenario files, run without a server.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Verdict;

/// Run the scenario files of a directory: a rule, a timeline, the expected changes
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// The directory of `.seg` files
    directory: PathBuf,
    /// Rewrite the expectations to what happened
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<Verdict> {
    anyhow::bail!("scenario files in {} (bless: {})", args.directory.display(), args.bless)
}
