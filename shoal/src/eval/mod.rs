//! `shoal eval`: who is in a segment at each instant, from a file of events, without a server.
//!
//! Tests a definition before anybody depends on it. The file is read as the ingestion-api would read
//! it ([`events`]), the clause compiled as the config-api would compile it ([`explain`] shows what is
//! wrong with it), so are the other segments that it names ([`segments`]), and the instants decided by the
//! evaluator that was asked for ([`evaluators`]; a real Databend where the build has it).

mod evaluators;
mod events;
mod explain;
#[cfg(feature = "databend")]
mod on_databend;
mod segments;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use rules::Rule;
use schema::Timestamp;
use serde::Serialize;

use crate::cli::Verdict;
use crate::terminal;
use events::{ShownUser, UserRecords};
use segments::Segment;

/// Evaluate a where clause over a file of events: who is in the segment at each instant
///
/// Prints one JSON object per instant, in the order given. All events of the file are stored at every
/// instant; duplicates (same user, same event_id) count once.
#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    /// The events (NDJSON), as the ingestion-api takes them, and lines with `traits`, as its `identify` does;
    /// `id` is the user, an integer `user_id` overrides it
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// The clause
    #[arg(long = "where", value_name = "CLAUSE", allow_hyphen_values = true)]
    clause: String,
    /// Another segment, which the clause can name (`segment_members`); may be given several times
    #[arg(long = "segment", value_name = "TAG: CLAUSE", value_parser = segments::parse)]
    segments: Vec<segments::Given>,
    /// The instants to evaluate at
    #[arg(long, value_name = "TIME", required = true, num_args = 1..)]
    at: Vec<Timestamp>,
    /// Which evaluator to ask
    #[arg(long, value_enum, default_value_t = Evaluator::Incremental)]
    evaluator: Evaluator,
    /// How to print the answers
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Evaluator {
    /// The one that runs live: folded state and timers
    Incremental,
    /// The one that keeps every event and evaluates from scratch
    Naive,
    /// A real Databend over the same rows (needs a build with the feature `databend`)
    Databend,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// One JSON object per instant
    Json,
}

/// What the evaluators are asked.
struct Question<'a> {
    clause: &'a str,
    rule: &'a Rule,
    /// Each names only those before it.
    segments: &'a [Segment],
    users: &'a [UserRecords],
    instants: &'a [Timestamp],
}

/// Who is in the segment at one instant.
#[derive(Serialize)]
struct Answer<'a> {
    at: Timestamp,
    user_ids: Vec<&'a ShownUser>,
}

pub(crate) async fn run(args: &EvalArgs) -> anyhow::Result<Verdict> {
    let compiled = rules::compile(&args.clause);
    for diagnostic in &compiled.diagnostics {
        terminal::complain(format_args!("{}", explain::underlined(&args.clause, diagnostic)));
    }
    let Some(rule) = compiled.rule else { return Ok(Verdict::Failure) };
    let segments = match segments::ordered(&args.segments, &rule) {
        Ok(segments) => segments,
        Err(wrong) => {
            wrong.iter().for_each(|line| terminal::complain(format_args!("{line}")));
            return Ok(Verdict::Failure);
        }
    };
    let Some(users) = read(args)? else { return Ok(Verdict::Failure) };
    let question =
        Question { clause: &args.clause, rule: &rule, segments: &segments, users: &users, instants: &args.at };
    let members = match args.evaluator {
        Evaluator::Incremental => evaluators::incremental(&question)?,
        Evaluator::Naive => evaluators::naive(&question),
        #[cfg(feature = "databend")]
        Evaluator::Databend => on_databend::databend(&question).await?,
        #[cfg(not(feature = "databend"))]
        Evaluator::Databend => {
            anyhow::bail!("the evaluator `databend` needs a build with the feature `databend`")
        }
    };
    let Format::Json = args.format;
    for (at, members) in args.at.iter().zip(members) {
        let user_ids = users.iter().zip(members).filter(|(_, inside)| *inside).map(|(user, _)| &user.shown).collect();
        let line = serde_json::to_string(&Answer { at: *at, user_ids }).context("writing an answer")?;
        terminal::say(format_args!("{line}"));
    }
    Ok(Verdict::Success)
}

/// Reads the events; `None` when some are refused, after saying which and why.
fn read(args: &EvalArgs) -> anyhow::Result<Option<Vec<UserRecords>>> {
    let text = std::fs::read_to_string(&args.events).with_context(|| format!("reading {}", args.events.display()))?;
    match events::by_user(&text) {
        Ok(users) => Ok(Some(users)),
        Err(refused) => {
            for line in refused {
                terminal::complain(format_args!("{}:{line}", args.events.display()));
            }
            Ok(None)
        }
    }
}
