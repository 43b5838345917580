//! Every clause of the corpus, the examples of the language's page among them, runs on a real Databend and
//! means the same there as to the other two evaluators, over histories that are made to matter.

#![cfg(feature = "databend")]

use std::path::{Path, PathBuf};

use schema::SegmentTag;
use testkit::Random;
use testkit::databend::Databend;
use testkit::prove::fitting::Fitting;
use testkit::prove::round::corpus_clause;
use testkit::prove::segments::{Question, Segment, ask_naive, memberships};
use testkit::prove::triple::{ask_databend, ask_incremental, load, load_members};
use testkit::prove::{Clause, Sort};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/tests/accept");
/// Set to ask only clauses whose file is named so.
const ONLY_VARIABLE: &str = "CLAUSES";
const SEED: u64 = 7;
/// A clause that takes longer is named.
const SLOW: std::time::Duration = std::time::Duration::from_secs(3);
/// How many of a hundred clauses must have both members and others. The rest are always or never true, or
/// join more conditions than drawn events meet at once; they are listed.
const TELLING_PERCENT: usize = 75;
/// Who is in a segment that a clause names, in the order of the names.
const SEGMENTS: [&str; 3] =
    ["user_id % 3 > 0", "count(*) >= 4", "max(created_at) >= now() - INTERVAL 30 DAY AND user_id > 1"];

fn clauses() -> Vec<PathBuf> {
    let files = std::fs::read_dir(CORPUS).expect("the corpus is there");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a readable entry").path()).collect();
    if let Ok(part) = std::env::var(ONLY_VARIABLE) {
        files.retain(|path| path.to_string_lossy().contains(&part));
    }
    files.sort();
    files
}

/// Its own for each clause, so that another file of the corpus does not change what this one is asked over (FNV-1a).
fn seed_of(path: &Path) -> u64 {
    let name = path.file_stem().unwrap_or_default().as_encoded_bytes();
    name.iter()
        .fold(0xcbf2_9ce4_8422_2325_u64 ^ SEED, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The segments that a rule names, but for the last one, which nobody is in.
fn segments(question: &Question) -> Vec<Segment> {
    let tags = question.rule.segments();
    let known = if tags.len() > 1 { tags.len() - 1 } else { tags.len() };
    let of = |(tag, clause): (String, &&str)| Segment {
        tag: SegmentTag::new(&tag).expect("the corpus names tags"),
        question: Question::new(Clause::text(Sort::Boolean, *clause)).expect("it compiles"),
    };
    tags.into_keys().take(known).zip(SEGMENTS.iter().cycle()).map(of).collect()
}

struct Outcome {
    wrong: Vec<String>,
    is_telling: bool,
}

async fn ask(databend: &Databend, random: &mut Random, path: &Path) -> anyhow::Result<Outcome> {
    let question = Question::new(corpus_clause(path)?).expect("the corpus compiles");
    let segments = segments(&question);
    let fitting = Fitting::draw(random, &question, &segments);
    let Fitting { histories, instants, .. } = &fitting;
    load(databend, histories).await?;
    let incremental = ask_incremental(random, &segments, std::slice::from_ref(&question.text), histories, instants)?;
    let mut wrong = Vec::new();
    for (now, incremental) in instants.iter().zip(&incremental[0]) {
        let inside = memberships(&segments, histories, *now);
        load_members(databend, &inside).await?;
        let naive = ask_naive(&question.rule, histories, &inside, *now);
        let (rendered, typed) = ask_databend(databend, &question.text, &question.rule, *now).await?;
        if rendered.as_ref() != Ok(&naive) || *incremental != naive || !typed.allows(&naive) {
            let sql = rules::render::databend(&question.rule, *now);
            wrong.push(format!(
                "{} at {now}: naive {naive:?}, incremental {incremental:?}, Databend {rendered:?} (as typed {:?})\n{sql}",
                path.display(),
                typed.said
            ));
        }
    }
    Ok(Outcome { wrong, is_telling: fitting.is_telling() })
}

#[tokio::test]
async fn every_clause_of_the_corpus_means_the_same_on_databend() {
    let Some(databend) = Databend::or_not_run().await else { return };
    databend.create_tables().await.unwrap();
    let all = std::env::var_os(ONLY_VARIABLE).is_none();
    let (mut wrong, mut silent) = (Vec::new(), Vec::new());
    let files = clauses();
    for path in &files {
        let started = std::time::Instant::now();
        let outcome = ask(&databend, &mut Random::new(seed_of(path)), path).await.unwrap();
        if started.elapsed() > SLOW {
            println!("{}: {:.1} s", path.display(), started.elapsed().as_secs_f32());
        }
        wrong.extend(outcome.wrong);
        if !outcome.is_telling {
            silent.push(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    databend.finish().await.unwrap();
    let (ran, telling) = (files.len(), files.len() - silent.len());
    println!("clauses={ran} with_members_and_others={telling} without={silent:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if !all {
        return;
    }
    let examples = files.iter().filter(|path| path.to_string_lossy().contains("/example_")).count();
    assert_eq!(examples, 7, "the examples of the language's page");
    assert!(silent.iter().all(|name| !name.starts_with("example_")), "every example tells users apart; not {silent:?}");
    assert!(telling * 100 >= ran * TELLING_PERCENT, "only {telling} of {ran} tell users apart; not {silent:?}");
}
