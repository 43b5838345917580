//! The short form of `make crash`.

use std::path::PathBuf;

use e2e::crash::{CrashOptions, run};
use shoal::Dice;

use crate::SHOAL;

#[tokio::test(flavor = "multi_thread")]
async fn three_kills_lose_and_repeat_nothing() {
    let folder = tempfile::Builder::new().prefix("shoal-crash-").tempdir().unwrap();
    let seed = Dice::seed_from_the_clock();
    let options = CrashOptions { shoal: PathBuf::from(SHOAL), folder: folder.path().to_owned(), rounds: 3, seed };
    println!("seed {seed}");
    let report = run(&options, |line| println!("{line}")).await.unwrap();
    assert!(report.acknowledged > 0, "{report}");
    assert!(report.is_clean(), "seed {seed}: {report}\n{}", report.examples.join("\n"));
}
