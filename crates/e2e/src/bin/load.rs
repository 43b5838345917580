//! `make load`: see the library's module `under_load`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use e2e::under_load::{LoadOptions, run};
use shoal::Dice;
use testkit::servers::{DatabendServer, Kafka, KafkaSettings, Postgres, PostgresSettings};

/// Create and edit segments while events keep coming, and check who was told what against SQL on Databend.
#[derive(Parser, Debug)]
struct Arguments {
    /// The program that is the services
    #[arg(long)]
    services: PathBuf,
    /// How many events there are before the traffic begins
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// How many users they are of
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    /// How many events come a second then
    #[arg(long, default_value_t = 5_000)]
    rate: u64,
    /// How many instances of ingestion-api
    #[arg(long, default_value_t = 1)]
    ingestion: usize,
    /// How many segmenters
    #[arg(long, default_value_t = 2)]
    segmenters: usize,
    /// Decides who does what (default: another one each time)
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let kafka = tokio::task::block_in_place(|| Kafka::start(&KafkaSettings::default()))?;
    let postgres = tokio::task::block_in_place(|| Postgres::start(&PostgresSettings::default()))?;
    let databend = tokio::task::block_in_place(DatabendServer::start)?;
    let seed = arguments.seed.unwrap_or_else(Dice::seed_from_the_clock);
    eprintln!("seed {seed}");
    let options = LoadOptions {
        services: arguments.services.canonicalize().context("looking for the program")?,
        kafka: &kafka,
        store: postgres.database(),
        history: databend.database(),
        events: arguments.events,
        users: arguments.users,
        rate: arguments.rate,
        ingestion: arguments.ingestion,
        segmenters: arguments.segmenters,
        seed,
    };
    let report = run(&options, |line| eprintln!("{line}")).await.with_context(|| format!("seed {seed}"))?;
    for example in &report.found.examples {
        eprintln!("{example}");
    }
    #[expect(clippy::print_stdout, reason = "the lines that a run ends with")]
    {
        println!("{report}");
    }
    let is_shown = report.has_told_the_way() && report.has_told_the_end() && report.reach.is_within_a_second();
    if !is_shown {
        eprintln!("definitions did not reach every segmenter in time, or nobody was told how far they were");
    }
    Ok(if report.found.is_clean() && is_shown { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
