//! The short form of `make chaos`.

use std::path::PathBuf;
use std::time::Duration;

use e2e::crash::chaos::{ChaosOptions, History, run};
use shoal::Dice;
use testkit::servers::{DatabendServer, Kafka, Postgres, PostgresSettings, or_not_run};

use crate::three_processes::SERVICE;

const EVENTS: usize = 3_000;
/// How long Databend is away.
const AWAY_FOR: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_are_killed_added_and_removed_lose_and_repeat_nothing() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::start(&PostgresSettings::default())) else { return };
    let Some(databend) = or_not_run(DatabendServer::start()) else { return };
    let seed = Dice::seed_from_the_clock();
    println!("seed {seed}");
    let (services, history) = (PathBuf::from(SERVICE), History::on(databend));
    let options = ChaosOptions { services, kafka, postgres, history, away_for: AWAY_FOR, events: EVENTS, seed };
    let report = run(options, |line| println!("{line}")).await.unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    println!("{report}");
    assert!(
        report.found.acknowledged >= EVENTS && report.unreached().is_empty(),
        "seed {seed}: {report} {:?}",
        report.unreached()
    );
    assert!(report.found.is_clean(), "seed {seed}: {report}\n{}", report.found.examples.join("\n"));
}
