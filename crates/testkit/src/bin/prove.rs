//! `make prove`: asks three evaluators about random rules until there were enough triples.
//!
//! `TRIPLES` says how many (2,000 and what the corpus adds), `SEED` repeats a run (else drawn from the
//! clock), `OUT` where mismatches are saved as scenario files (`target/prove`). Its last line counts;
//! it fails on a mismatch, and on what was not run, unless `make test` collects that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use testkit::Random;
use testkit::databend::{Databend, available};
use testkit::prove::round::{Tally, corpus_clause, refusal, round};
use testkit::prove::shrink::shrink;
use testkit::prove::{Clause, grammar, report};
use testkit::servers::{is_collected, or_noted};

const DEFAULT_TRIPLES: usize = 2_000;
/// Mismatches that are made small and saved; the others are counted.
const MAX_SAVED: usize = 20;
/// Clauses of the corpus per round, so that random ones stand beside them.
const GIVEN_PER_ROUND: usize = 10;
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/tests/accept");
/// Reasons that are listed.
const MAX_REASONS: usize = 12;
/// Drawn clauses by which the report says what of the language is refused.
const SURVEYED: usize = 2_000;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let triples = number("TRIPLES")?.map_or(DEFAULT_TRIPLES, |triples| triples as usize);
    let seed = number("SEED")?.unwrap_or_else(clock);
    let folder = PathBuf::from(std::env::var("OUT").unwrap_or_else(|_| "target/prove".to_owned()));
    say(&format!("seed={seed}"));
    let tally = match or_noted(&format!("{triples} random triples"), available(Databend::start().await)?) {
        Some(databend) => prove(databend, triples, seed, &folder).await?,
        None => Tally { not_run: triples, ..Tally::default() },
    };
    let is_told = tally.triples == 0 && is_collected();
    say_typed(&tally);
    say(&format!(
        "of_random_rules={} about_traits={} about_segments={} memberships={} of_them_true={} typed_too={} refused_by_compile={}",
        tally.drawn, tally.of_user, tally.of_segments, tally.memberships, tally.members, tally.typed, tally.refused
    ));
    say(&format!("triples={} mismatches={} not_run={}", tally.triples, tally.mismatches, tally.not_run));
    Ok(if is_told || tally.mismatches + tally.not_run == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says how many clauses were asked as they were typed, and why the others were not.
fn say_typed(tally: &Tally) {
    let refused: usize = tally.typed_refused.values().sum();
    let otherwise: usize = tally.typed_otherwise.values().sum();
    say(&format!(
        "as typed on Databend: {} answered, {otherwise} of them otherwise where it is known to err; {refused} refused",
        tally.typed
    ));
    for (fault, count) in &tally.typed_otherwise {
        say(&format!("  {count:5} otherwise: {fault}"));
    }
    let mut refused: Vec<_> = tally.typed_refused.iter().collect();
    refused.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (reason, count) in refused.into_iter().take(MAX_REASONS) {
        say(&format!("  {count:5} refused: {reason}"));
    }
}

async fn prove(databend: Databend, triples: usize, seed: u64, folder: &Path) -> anyhow::Result<Tally> {
    let mut random = Random::new(seed);
    survey(&mut Random::new(random.next()));
    databend.create_tables().await?;
    let mut given = corpus()?;
    let mut tally = Tally::default();
    let mut saved = 0;
    let started = Instant::now();
    while tally.drawn + tally.not_run < triples {
        let now_given = given.split_off(given.len().saturating_sub(GIVEN_PER_ROUND));
        let round = round(&databend, &mut random, &now_given).await?;
        tally.add(&round.tally);
        for found in round.mismatches {
            if saved < MAX_SAVED {
                saved += 1;
                let path = report::save(folder, &format!("{seed}-{saved}"), &shrink(&databend, found).await?)?;
                say(&format!("mismatch: {}", path.display()));
            }
        }
        say(&format!(
            "{} triples, {} mismatches, {:.0} s",
            tally.triples,
            tally.mismatches,
            started.elapsed().as_secs_f64()
        ));
    }
    databend.finish().await?;
    Ok(tally)
}

/// Says which parts of the drawn language `compile` refuses, and how often.
fn survey(random: &mut Random) {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..SURVEYED {
        if let Some(reason) = refusal(&grammar::clause(random, &[])) {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    say(&format!("refused of {SURVEYED} drawn clauses: {}", reasons.iter().map(|(_, count)| count).sum::<usize>()));
    for (reason, count) in reasons.iter().take(MAX_REASONS) {
        say(&format!("  {count:5} {reason}"));
    }
}

/// Returns the clauses of the corpus that `rules` keeps.
fn corpus() -> anyhow::Result<Vec<Clause>> {
    let files = std::fs::read_dir(CORPUS).with_context(|| format!("reading {CORPUS}"))?;
    let mut paths: Vec<PathBuf> = files.map(|file| Ok(file?.path())).collect::<anyhow::Result<_>>()?;
    paths.sort();
    paths.iter().map(|path| corpus_clause(path)).collect()
}

fn number(variable: &str) -> anyhow::Result<Option<u64>> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => Ok(Some(text.parse().with_context(|| format!("reading {variable}={text}"))?)),
        _ => Ok(None),
    }
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

#[expect(clippy::print_stdout, reason = "a program for people")]
fn say(line: &str) {
    println!("{line}");
}
