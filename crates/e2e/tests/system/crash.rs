//! The short form of `make crash`, and that it sees a log that lost its end.

use std::fs;
use std::path::PathBuf;

use e2e::crash::{CrashOptions, run};
use shoal::Dice;

use crate::SHOAL;
use crate::put_back::copy_all;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_its_end_is_counted_as_lost() {
    let folder = tempfile::Builder::new().prefix("shoal-crash-").tempdir().unwrap();
    let (log, older) = (folder.path().join("data/log"), folder.path().join("older"));
    let seed = Dice::seed_from_the_clock();
    let options = CrashOptions { shoal: PathBuf::from(SHOAL), folder: folder.path().to_owned(), rounds: 5, seed };
    println!("seed {seed}");
    let mut round = 0;
    let lose_the_end = |line: String| {
        println!("{line}");
        round += 1;
        match round {
            1 => copy_all(&log, &older),
            5 => {
                fs::remove_dir_all(&log).unwrap();
                copy_all(&older, &log);
            }
            _ => {}
        }
    };
    let report = run(&options, lose_the_end).await.unwrap();
    assert!(report.lost > 0, "seed {seed}: {report}\n{}", report.examples.join("\n"));
    assert!(!report.is_clean());
}
