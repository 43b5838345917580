//! `shoal test`: scenario files, run without a server.
//!
//! What a scenario says and how it is played is [`testkit::scenario`]'s business; here is the telling.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;

use crate::cli::Verdict;
use crate::terminal;

/// Run the scenario files (*.seg) below a directory: rules, a timeline, the expected changes
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// The directory
    directory: PathBuf,
    /// Rewrite the expectations to what happens (never where the engine and the naive evaluator differ)
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<Verdict> {
    let summary = testkit::scenario::test_directory(&args.directory, args.bless)?;
    ensure!(summary.scenarios > 0, "there are no *.seg files below {}", args.directory.display());
    for path in &summary.blessed {
        terminal::say(format_args!("rewritten: {}", path.display()));
    }
    for (path, error) in &summary.failures {
        terminal::complain(format_args!("{}: {error:#}", path.display()));
    }
    terminal::say(format_args!("scenarios={} failed={}", summary.scenarios, summary.failures.len()));
    Ok(if summary.failures.is_empty() { Verdict::Success } else { Verdict::Failure })
}
