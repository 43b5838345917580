//! `make crash`: see the library's module `crash`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use e2e::crash::{CrashOptions, run};
use shoal::Dice;

/// Kill a running `shoal up` again and again under load, and check that nothing was lost.
#[derive(Parser, Debug)]
struct Arguments {
    /// The binary that is started
    #[arg(long)]
    shoal: PathBuf,
    /// How often it is killed
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// Decides everything random (default: another one each time)
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let folder = tempfile::Builder::new().prefix("shoal-crash-").tempdir().context("making a folder")?;
    let options = CrashOptions {
        shoal: arguments.shoal.canonicalize().context("looking for the binary")?,
        folder: folder.path().to_owned(),
        rounds: arguments.rounds,
        seed: arguments.seed.unwrap_or_else(Dice::seed_from_the_clock),
    };
    eprintln!("seed {}, folder {}", options.seed, options.folder.display());
    let runtime = tokio::runtime::Runtime::new().context("starting the async runtime")?;
    let outcome = runtime.block_on(run(&options, |line| eprintln!("{line}")));
    let clean = outcome.as_ref().is_ok_and(e2e::crash::Report::is_clean);
    if !clean {
        eprintln!("everything is kept in {}", folder.keep().display());
    }
    let report = outcome?;
    for example in &report.examples {
        eprintln!("{example}");
    }
    #[expect(clippy::print_stdout, reason = "the one line that a run ends with")]
    {
        println!("{report}");
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
