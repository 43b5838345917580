//! The proof as a test: no evaluator, Databend among them, disagrees about random rules.
//!
//! `make prove` asks more, saves what it finds as scenario files, and asks the corpus too.

#![cfg(feature = "databend")]

use std::time::{SystemTime, UNIX_EPOCH};

use testkit::Random;
use testkit::databend::Databend;
use testkit::prove::round::{Tally, round};

/// (rule, histories, instant), each asked of every evaluator; about a minute.
const TRIPLES: usize = 2_000;

#[tokio::test]
async fn every_evaluator_says_of_random_rules_what_databend_says() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
    let mut random = Random::new(seed);
    let databend = Databend::start().await.unwrap();
    databend.create_events().await.unwrap();
    let mut tally = Tally::default();
    while tally.triples + tally.not_run < TRIPLES {
        let round = round(&databend, &mut random, &[]).await.unwrap();
        tally.add(&round.tally);
        for found in round.mismatches {
            println!("{} at {}: {:?}", found.clause.print(), found.now, found.answers);
        }
    }
    databend.finish().await.unwrap();
    println!("seed {seed}: {tally:?}");
    assert_eq!((tally.mismatches, tally.not_run), (0, 0), "seed {seed}");
    // A proof in which nobody is a member proves little.
    assert!(tally.members * 10 > tally.memberships, "seed {seed}: {tally:?}");
}
