//! The short form of `make chaos`.

use std::path::PathBuf;

use e2e::crash::chaos::{ChaosOptions, run};
use shoal::Dice;
use testkit::servers::{Kafka, Postgres, PostgresSettings, or_not_run};

use crate::three_processes::SERVICE;

const EVENTS: usize = 3_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_are_killed_added_and_removed_lose_and_repeat_nothing() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::start(&PostgresSettings::default())) else { return };
    let seed = Dice::seed_from_the_clock();
    println!("seed {seed}");
    let options = ChaosOptions { services: PathBuf::from(SERVICE), kafka, postgres, events: EVENTS, seed };
    let report = run(options, |line| println!("{line}")).await.unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    println!("{report}");
    assert!(report.found.acknowledged >= EVENTS && report.kills > 0, "seed {seed}: {report}");
    assert!(report.found.is_clean(), "seed {seed}: {report}\n{}", report.found.examples.join("\n"));
}
