//! `make bench-kafka`: from the append of an event to its change at a committed reader, on Kafka.
//!
//! One partition, and three who work on it by turns, in the same run on the same broker:
//!
//! - `bare`: a loop that consumes the events and produces one record for each in transactions, without state;
//! - `commits`: Shoal's commits alone, a state and a change per event, without an engine;
//! - `segmenter`: the segmenter, a process of its own, with ten segments of which every event flips one.
//!
//! What Shoal adds to what transactions cost anyway are the ratios to the first. With `--restart-users` it
//! measures too how long a segmenter with so many users takes to come back ([`restart`]).

mod bare;
mod committing;
mod load;
mod measured;
mod restart;
mod segmenting;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use bus::KafkaOptions;
use bus::kafka::KafkaLog;
use clap::Parser;
use testkit::servers::{Kafka, KafkaSettings};

use measured::{Measured, print_header, print_row};

/// Measure a partition's commits on Kafka beside a bare transactional loop.
#[derive(Parser, Debug)]
struct Arguments {
    /// Brokers to use; without them Apache Kafka is started for the run
    #[arg(long, default_value = "")]
    brokers: String,
    /// How long each latency is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// Rates at which latency is measured, in events per second
    #[arg(long, value_delimiter = ',', default_value = "1000,5000")]
    rates: Vec<u64>,
    /// How many events are there already when throughput is measured
    #[arg(long, default_value_t = 100_000)]
    backlog: u64,
    /// How often each measurement is made; the forms take turns (0: only the restart)
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// The program `segmenter`, or `shoal-e2e-service`; without it, that form is left out
    #[arg(long)]
    segmenter: Option<PathBuf>,
    /// How many users a segmenter has whose restart is measured (0: none is)
    #[arg(long, default_value_t = 0)]
    restart_users: u64,
    /// How often the restart is measured, by turns with a bare reading
    #[arg(long, default_value_t = 3)]
    restart_rounds: u32,
}

/// Who works on the events.
#[derive(Clone, Copy, Debug)]
enum Form {
    Bare,
    Commits,
    Segmenter,
}

impl Form {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Commits => "commits",
            Self::Segmenter => "segmenter",
        }
    }
}

/// As many partitions as the segmenter has that is started again.
const RESTART_PARTITIONS: u16 = 6;

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let kafka = arguments.brokers.is_empty().then(|| Kafka::start(&KafkaSettings::default())).transpose();
    let kafka = kafka.context("starting Kafka")?;
    let brokers = kafka.as_ref().map_or_else(|| arguments.brokers.clone(), Kafka::brokers);
    let mut forms = vec![Form::Bare, Form::Commits];
    forms.extend(arguments.segmenter.is_some().then_some(Form::Segmenter));
    if arguments.rounds > 0 {
        print_header();
    }
    let mut throughput: Vec<Vec<f64>> = vec![Vec::new(); forms.len()];
    for round in 0..arguments.rounds {
        for rate in &arguments.rates {
            for form in &forms {
                let log = open(&brokers, 1).await?;
                let load = load::paced(log.clone(), *rate, Duration::from_secs(arguments.seconds));
                let expected = rate * arguments.seconds;
                print_row(round, *form, Some(*rate), &measure(*form, &arguments, &log, expected, load, false).await?);
            }
        }
        for (form, throughput) in forms.iter().zip(&mut throughput) {
            let log = open(&brokers, 1).await?;
            let (backlog, expected) = (log.clone(), arguments.backlog);
            let load = async move { load::backlog(&backlog, expected, load::USERS).await };
            let measured = measure(*form, &arguments, &log, expected, load, true).await?;
            throughput.push(measured.per_second());
            print_row(round, *form, None, &measured);
        }
    }
    print_ratios(&forms, &throughput);
    if let (Some(program), 1..) = (&arguments.segmenter, arguments.restart_users) {
        let log = open(&brokers, RESTART_PARTITIONS).await?;
        restart::measure(program, &log, arguments.restart_users, arguments.restart_rounds).await?;
    }
    Ok(())
}

/// Says how the throughput of each form compares with that of the bare loop of its round.
#[expect(clippy::print_stdout, reason = "figures are what it is for")]
fn print_ratios(forms: &[Form], throughput: &[Vec<f64>]) {
    let Some((bare, others)) = throughput.split_first() else { return };
    for (form, own) in forms.iter().skip(1).zip(others) {
        let mut ratios: Vec<f64> = own.iter().zip(bare).map(|(own, bare)| own / bare).collect();
        ratios.sort_by(f64::total_cmp);
        if let Some(median) = ratios.get(ratios.len() / 2) {
            println!("{}: {median:.2} of the bare loop's throughput (median of the rounds)", form.as_str());
        }
    }
}

/// Opens a log in topics of its own.
async fn open(brokers: &str, partitions: u16) -> anyhow::Result<KafkaLog> {
    let prefix = format!("bench-{}-", uuid::Uuid::new_v4());
    let options = KafkaOptions {
        brokers: brokers.to_owned(),
        group: format!("{prefix}segmenter"),
        topic_prefix: prefix,
        partitions,
        ..KafkaOptions::default()
    };
    KafkaLog::open(options).await.context("opening the log")
}

/// Measures a form beside a load, or after it.
async fn measure(
    form: Form,
    arguments: &Arguments,
    log: &KafkaLog,
    expected: u64,
    load: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    is_backlog: bool,
) -> anyhow::Result<Measured> {
    if let Form::Segmenter = form {
        return segmenting::measure(&arguments.segmenter, log, expected, load, is_backlog).await;
    }
    let mut load = Some(load);
    if is_backlog && let Some(load) = load.take() {
        load.await?;
    }
    let beside = async move {
        match load {
            Some(load) => load.await,
            None => Ok(()),
        }
    };
    match form {
        Form::Bare => bare::measure(log, expected, beside).await,
        Form::Commits | Form::Segmenter => committing::measure(log, expected, beside).await,
    }
}
