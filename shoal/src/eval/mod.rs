//! `shoal eval`: who is in a segment at each instant, from a file of events, without a server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use schema::Timestamp;

use crate::cli::Verdict;

/// Evaluate a where clause over a file of events: who is in the segment at each instant
#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    /// The events (NDJSON), as the ingestion-api takes them; `id` is the user, an integer `user_id` overrides it
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// The clause
    #[arg(long = "where", value_name = "CLAUSE")]
    clause: String,
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
    /// A real Databend over the same rows (needs the feature `distributed`)
    Databend,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// One JSON object per instant
    Json,
}

pub(crate) fn run(args: &EvalArgs) -> anyhow::Result<Verdict> {
    anyhow::bail!("{args:?}")
}
