//! The command line: one subcommand each, one module each.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::{backup, demo, eval, migrate, replay, scenarios, store_command, terminal, transfer, up};

/// Real-time behavioural segmentation: post events, define segments in SQL, be told who enters and leaves.
#[derive(Parser, Debug)]
#[command(name = "shoal", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Up(up::UpArgs),
    Demo(demo::DemoArgs),
    Replay(replay::ReplayArgs),
    Eval(eval::EvalArgs),
    Test(scenarios::TestArgs),
    Migrate(migrate::MigrateArgs),
    Store(store_command::StoreArgs),
    Export(transfer::ExportArgs),
    Import(transfer::ImportArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    /// Print the version
    Version,
}

/// How a command ended when nothing broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// All went well.
    Success,
    /// It ran, and what it had to say is bad news: refused events, failed scenarios.
    Failure,
}

/// Runs the program: reads the arguments, does what they say, returns the exit code.
///
/// 0 is success, 1 is bad news or an error (told on stderr), 2 is a wrong command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(Verdict::Success) => ExitCode::SUCCESS,
        Ok(Verdict::Failure) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(format_args!("shoal: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Runtime::new().context("starting the async runtime")?;
    let verdict = match command {
        Command::Up(args) => runtime.block_on(up::run(args)),
        Command::Demo(args) => runtime.block_on(demo::run(args)),
        Command::Replay(args) => runtime.block_on(replay::run(args)),
        Command::Eval(args) => runtime.block_on(eval::run(&args)),
        Command::Test(args) => scenarios::run(&args),
        Command::Migrate(args) => runtime.block_on(migrate::run(args)),
        Command::Store(args) => runtime.block_on(store_command::run(args)),
        Command::Export(args) => runtime.block_on(transfer::export(args)),
        Command::Import(args) => runtime.block_on(transfer::import(args)),
        Command::Backup(args) => runtime.block_on(backup::backup(args)),
        Command::Restore(args) => runtime.block_on(backup::restore(args)),
        Command::Version => {
            terminal::say(format_args!("shoal {}", env!("CARGO_PKG_VERSION")));
            Ok(Verdict::Success)
        }
    };
    // A blocking read (a terminal, a pipe) must not keep the process from ending.
    runtime.shutdown_background();
    verdict
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_explains_itself() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands() {
            assert!(subcommand.get_about().is_some(), "`shoal {}` says what it does", subcommand.get_name());
        }
    }
}
