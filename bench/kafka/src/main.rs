//! `make bench-kafka`: from the append of an event to its change at a committed reader, on Kafka.
//!
//! One partition, one owner, a state and a change per event. Beside it, in the same run on the same
//! broker: a bare loop that consumes the same events and produces one record for each in transactions,
//! without state. What Shoal adds to what transactions cost anyway is the ratio of the two.

mod bare;
mod committing;
mod load;
mod measured;

use std::time::Duration;

use anyhow::Context as _;
use bus::KafkaOptions;
use bus::kafka::KafkaLog;
use clap::Parser;
use testkit::servers::Kafka;

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
    /// How often each measurement is made; the forms take turns
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Who works on the events.
#[derive(Clone, Copy, Debug)]
enum Form {
    Bare,
    Shoal,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let kafka = arguments.brokers.is_empty().then(Kafka::shared).transpose().context("starting Kafka")?;
    let brokers = kafka.map_or_else(|| arguments.brokers.clone(), Kafka::brokers);
    print_header();
    for round in 0..arguments.rounds {
        for rate in &arguments.rates {
            for form in [Form::Bare, Form::Shoal] {
                let log = open(&brokers).await?;
                let load = load::paced(log.clone(), *rate, Duration::from_secs(arguments.seconds));
                let expected = rate * arguments.seconds;
                print_row(round, form, Some(*rate), &measure(form, &log, expected, load).await?);
            }
        }
        for form in [Form::Bare, Form::Shoal] {
            let log = open(&brokers).await?;
            load::backlog(&log, arguments.backlog).await?;
            let none = async { anyhow::Ok(()) };
            print_row(round, form, None, &measure(form, &log, arguments.backlog, none).await?);
        }
    }
    Ok(())
}

/// Opens a log in topics of its own.
async fn open(brokers: &str) -> anyhow::Result<KafkaLog> {
    let prefix = format!("bench-{}-", uuid::Uuid::new_v4());
    let options = KafkaOptions {
        brokers: brokers.to_owned(),
        group: format!("{prefix}segmenter"),
        topic_prefix: prefix,
        partitions: 1,
        ..KafkaOptions::default()
    };
    KafkaLog::open(options).await.context("opening the log")
}

async fn measure(
    form: Form,
    log: &KafkaLog,
    expected: u64,
    load: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) -> anyhow::Result<Measured> {
    match form {
        Form::Bare => bare::measure(log, expected, load).await,
        Form::Shoal => committing::measure(log, expected, load).await,
    }
}
