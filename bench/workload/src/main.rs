//! `make bench-workload`: the engine on the common workload, beside its peers.
//!
//! The workload ([`events`], [`rules`]) is fixed to the byte by its specification in `WORKLOAD.md`, so
//! that figures of different systems can be compared. Each number of rules is measured in a process of
//! its own ([`measure`]), because what a user takes is read off the process. The members at the end must
//! be those that DuckDB finds; the Flink job ([`peers`]) runs in between, on the same cores.
//!
//! The whole system, from a POST to its change, is measured by the neighbouring `bench`.

mod events;
mod measure;
mod memory;
mod names;
mod peers;
mod random;
mod report;
mod rules;
mod spread;

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::Parser;

use events::Events;
use measure::{Measured, Run};
use peers::Cache;
use report::Figures;

#[global_allocator]
static ALLOCATOR: memory::CountingAllocator = memory::CountingAllocator;

/// Measure the engine on the common workload, and check its members against DuckDB.
#[derive(Parser, Debug)]
struct Arguments {
    /// Numbers of rules
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000")]
    rules: Vec<u64>,
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    #[arg(long, default_value_t = 100_000)]
    users: u64,
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// How many engines run at once
    #[arg(long, default_value_t = 2)]
    cores: u16,
    /// Run the Flink job on the same events and cores as well
    #[arg(long)]
    vs_flink: bool,
    /// Skip the comparison with DuckDB
    #[arg(long)]
    unchecked: bool,
    /// Where written events and downloaded peers are kept
    #[arg(long, default_value = "target/bench/cache")]
    cache: PathBuf,
    /// Which Python makes the environment of the peers
    #[arg(long, default_value = "python3")]
    python: String,
    /// The folder of the JSON report
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// Only measure one number of rules, and print what was measured as JSON
    #[arg(long, hide = true)]
    measure_only: bool,
    /// Skip the pass from JSON, to see the engine alone in a profile
    #[arg(long, hide = true)]
    decoded_only: bool,
}

impl Arguments {
    const fn run(&self) -> Run {
        Run {
            events: self.events,
            users: self.users,
            seed: self.seed,
            cores: self.cores,
            decoded_only: self.decoded_only,
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.measure_only { measure_only(&arguments) } else { compare(&arguments) }
}

#[expect(clippy::print_stdout, reason = "read by the process that started this one")]
fn measure_only(arguments: &Arguments) -> anyhow::Result<()> {
    let count = arguments.rules.first().copied().context("a number of rules is missing")?;
    let measured = measure::measure(arguments.run(), &rules::rules(count, arguments.seed))?;
    println!("{}", serde_json::to_string(&measured).context("writing what was measured")?);
    Ok(())
}

fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let cache = Cache::open(&arguments.cache, &arguments.python)?;
    let events = cache.path(&format!("events-{}-{}-{}.ndjson", arguments.events, arguments.users, arguments.seed));
    if !events.exists() && (!arguments.unchecked || arguments.vs_flink) {
        eprintln!("writing {} events …", arguments.events);
        write_events(arguments.run(), &events)?;
    }
    let mut all = Vec::new();
    for count in &arguments.rules {
        all.push(figures(arguments, &cache, &events, *count)?);
    }
    report::print(&all);
    report::write(&all, &arguments.out)?;
    ensure!(
        all.iter().all(|figures| figures.members_equal != Some(false)),
        "the members are not those that DuckDB finds"
    );
    Ok(())
}

fn write_events(run: Run, path: &Path) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = BufWriter::new(std::fs::File::create(&partial).context("making the file of events")?);
    for sent in Events::new(run.events, run.users, run.seed) {
        file.write_all(sent.line().as_bytes()).context("writing events")?;
    }
    file.flush().context("writing events")?;
    std::fs::rename(partial, path).context("keeping the events")
}

fn figures(arguments: &Arguments, cache: &Cache, events: &Path, count: u64) -> anyhow::Result<Figures> {
    let rules = rules::rules(count, arguments.seed);
    let written = cache.path(&format!("rules-{count}-{}.json", arguments.seed));
    std::fs::write(&written, rules::as_json(&rules)).context("writing the rules")?;
    eprintln!("{count} rules: measuring …");
    let measured = measured_apart(arguments, count)?;
    let mut equal = None;
    if !arguments.unchecked {
        eprintln!("{count} rules: asking DuckDB …");
        equal = Some(cache.members(events, &written)? == measured.members);
    }
    let mut figures = Figures::new(rules.len(), arguments.events, arguments.cores, &measured, equal);
    if arguments.vs_flink {
        eprintln!("{count} rules: running Flink …");
        let (rate, counts) = cache.flink_run(arguments.run(), events, &written)?;
        figures.beside_flink(rate);
        let differing = measured.members.iter().zip(&counts).filter(|(ours, theirs)| ours.count != **theirs).count();
        if differing > 0 {
            eprintln!("{count} rules: Flink counts other members for {differing} (it orders equal instants otherwise)");
        }
    }
    Ok(figures)
}

/// Measures in a process of its own.
fn measured_apart(arguments: &Arguments, count: u64) -> anyhow::Result<Measured> {
    let this = std::env::current_exe().context("looking for this program")?;
    let mut child = Command::new(this);
    child.args(["--measure-only", "--rules", &count.to_string(), "--events", &arguments.events.to_string()]);
    child.args(["--users", &arguments.users.to_string(), "--seed", &arguments.seed.to_string()]);
    child.args(["--cores", &arguments.cores.to_string()]);
    let output = child.stderr(std::process::Stdio::inherit()).output().context("starting the measurement")?;
    ensure!(output.status.success(), "the measurement ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("reading what was measured")
}
