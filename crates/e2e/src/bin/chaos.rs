//! `make chaos`: see the library's module `crash::chaos`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use e2e::crash::chaos::{ChaosOptions, History, run};
use shoal::Dice;
use testkit::servers::{DatabendServer, Kafka, KafkaSettings, Postgres, PostgresSettings};

/// Kill, add and remove services of the distributed form under load, and check that nothing was lost.
#[derive(Parser, Debug)]
struct Arguments {
    /// The program that is the services
    #[arg(long)]
    services: PathBuf,
    /// How many events are to be acknowledged
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// For how many seconds Databend is away
    #[arg(long, default_value_t = 60)]
    away_seconds: u64,
    /// Decides everything random (default: another one each time)
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let kafka = tokio::task::block_in_place(|| Kafka::start(&KafkaSettings::default()))?;
    let postgres = tokio::task::block_in_place(|| Postgres::start(&PostgresSettings::default()))?;
    let history = History::on(tokio::task::block_in_place(DatabendServer::start)?);
    let away_for = Duration::from_secs(arguments.away_seconds);
    let seed = arguments.seed.unwrap_or_else(Dice::seed_from_the_clock);
    eprintln!("seed {seed}");
    let services = arguments.services.canonicalize().context("looking for the program")?;
    let events = arguments.events;
    let options = ChaosOptions { services, kafka: &kafka, postgres, history, away_for, events, seed };
    let report = run(options, |line| eprintln!("{line}")).await.with_context(|| format!("seed {seed}"))?;
    for example in &report.found.examples {
        eprintln!("{example}");
    }
    for unreached in report.unreached() {
        eprintln!("this run proves nothing: {unreached}");
    }
    #[expect(clippy::print_stdout, reason = "the one line that a run ends with")]
    {
        println!("{report}");
    }
    let is_good = report.found.is_clean() && report.unreached().is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
