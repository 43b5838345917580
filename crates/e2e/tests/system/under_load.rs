//! The short form of `make load`.

use std::path::PathBuf;

use e2e::under_load::{LoadOptions, run};
use shoal::Dice;
use testkit::servers::{DatabendServer, Kafka, Postgres, or_not_run};

use crate::three_processes::SERVICE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_that_are_made_and_edited_under_load_publish_exactly_the_difference() {
    let Some(kafka) = or_not_run(Kafka::shared()) else { return };
    let Some(postgres) = or_not_run(Postgres::shared()) else { return };
    let Some(databend) = or_not_run(DatabendServer::shared()) else { return };
    let seed = Dice::seed_from_the_clock();
    let options = LoadOptions {
        services: PathBuf::from(SERVICE),
        kafka,
        store: postgres.database(),
        history: databend.database(),
        events: 4_000,
        users: 400,
        rate: 100,
        ingestion: 1,
        segmenters: 2,
        seed,
    };
    let report = run(&options, |line| println!("{line}")).await;
    let report = report.unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    println!("{report}");
    assert!(report.has_moved_users(), "seed {seed}: nobody entered or left\n{report}");
    assert!(report.has_told_the_way(), "seed {seed}: nobody was told how far a segment was\n{report}");
    assert!(report.reach.is_within_a_second(), "seed {seed}: segmenters were told late\n{report}");
    assert!(report.found.is_clean(), "seed {seed}: {report}\n{}", report.found.examples.join("\n"));
}
