//! `make bench`: how long from a POST to its change, and how many events per second.
//!
//! One run on one machine: first the log alone ([`append`]: what the disk allows), then a real
//! `shoal up` on an empty folder under load from this process ([`latency`], [`throughput`]). The load
//! generator shares the cores with what it measures; figures of one run are comparable to each
//! other, not across machines.

mod append;
mod latency;
mod quantiles;
mod report;
mod shop;
mod throughput;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use e2e::process::Installation;

use report::Report;
use shop::Shop;

/// Rates at which POST-to-change latency is measured, in events per second.
const RATES: [u32; 2] = [1_000, 5_000];

/// Measure POST-to-change latency and events per second of a `shoal up` on this machine.
#[derive(Parser, Debug)]
struct Arguments {
    /// The binary that is measured
    #[arg(long)]
    shoal: PathBuf,
    /// The folder of the JSON report
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// How long each measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().context("starting the async runtime")?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let each = Duration::from_secs(arguments.seconds);
    let binary = arguments.shoal.canonicalize().context("looking for the binary")?;
    let folder = tempfile::Builder::new().prefix("shoal-bench-").tempdir().context("making a folder")?;
    let mut report = Report::default();

    eprintln!("the log alone …");
    report.throughput.extend(append::measure(&folder.path().join("alone"), each).await?);

    let running = Installation::new(&binary, folder.path()).start().await?;
    let shop = Shop::open(running.places()).await?;
    for rate in RATES {
        eprintln!("POST to change at {rate}/s …");
        report.latency.push(latency::measure(&shop, rate, each).await?);
    }
    eprintln!("as many as possible …");
    report.throughput.push(throughput::singles(&shop, each).await?);
    report.throughput.push(throughput::batches(&shop, each).await?);
    running.stop().await?;

    report.print();
    report.write(&arguments.out)
}
