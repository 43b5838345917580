//! Every construct that the language names means the same to all evaluators, a real Databend among them.
//!
//! The clauses are those of `rules/tests/constructs.sql`, which also says that they compile.

#![cfg(feature = "databend")]

use testkit::Random;
use testkit::databend::Databend;
use testkit::prove::round::round;
use testkit::prove::{Clause, Sort};

const CLAUSES: &str = include_str!("../../rules/tests/constructs.sql");
const SEED: u64 = 11;
/// Of a hundred memberships, so many must be TRUE at least: where nobody is a member little is shown.
const TELLING_PERCENT: usize = 10;

#[tokio::test]
async fn every_construct_that_the_language_names_means_the_same_on_databend() {
    let Some(databend) = Databend::or_not_run().await else { return };
    databend.create_tables().await.unwrap();
    let lines = CLAUSES.lines().filter(|line| !line.starts_with("--"));
    let clauses: Vec<Clause> = lines.map(|line| Clause::text(Sort::Boolean, line)).collect();
    let round = round(&databend, &mut Random::new(SEED), &clauses).await.unwrap();
    databend.finish().await.unwrap();
    let wrong: Vec<String> =
        round.mismatches.iter().map(|found| format!("{}: {:?}", found.case.clause.print(), found.answers)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tally = round.tally;
    assert_eq!((tally.refused, tally.not_run), (0, 0));
    assert!(tally.triples - tally.drawn >= clauses.len(), "{tally:?}");
    assert!(tally.members * 100 >= tally.memberships * TELLING_PERCENT, "{tally:?}");
}
