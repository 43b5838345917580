//! `shoal replay`: events from a file, through the batch endpoint.
//!
//! A reader thread cuts the file into batches ([`source`]), workers post them ([`send`]); between
//! them a bounded channel, so that a file of any size is replayed in little memory. Every event gets
//! an `event_id` that follows from its line ([`event_id`]), so running the same command again after
//! a crash counts nothing twice (the services remember ids for 24 hours).

mod event_id;
mod refused;
mod send;
mod source;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Verdict;
use crate::client::IngestionClient;
use crate::terminal;
pub(crate) use event_id::with_event_id;
use refused::RefusedFile;
use send::Totals;

/// Replay events from a file (NDJSON or one JSON array) through the batch endpoint
///
/// Events without an `event_id` get one that follows from their line, so running the same command
/// again resumes: what was accepted within the last day is recognised and counts once.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// The file of events, as the ingestion-api takes them
    file: PathBuf,
    /// The ingestion-api to post to
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000")]
    to: String,
    /// Batches under way at the same time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// Events per batch
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: u16,
    /// Where refused events are written, with their reasons (default: FILE.refused.ndjson)
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// How long to keep trying while the server is away or overloaded
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    give_up_after: u64,
}

/// Batches read ahead per worker: enough to never wait for the disk.
const READ_AHEAD: usize = 2;

pub(crate) async fn run(args: ReplayArgs) -> anyhow::Result<Verdict> {
    let file = std::fs::File::open(&args.file).with_context(|| format!("opening {}", args.file.display()))?;
    let length = file.metadata().context("reading the file's length")?.len();
    let bar = ProgressBar::new(length).with_style(bar_style()?);
    let refused = Arc::new(RefusedFile::at(args.refused.unwrap_or_else(|| refused::beside(&args.file))));
    let totals = Arc::new(Totals::default());
    let started = Instant::now();

    let workers = usize::from(args.workers);
    let (sender, receiver) = tokio::sync::mpsc::channel(workers * READ_AHEAD);
    let reader_bar = bar.clone();
    let batch_length = usize::from(args.batch);
    let reading =
        tokio::task::spawn_blocking(move || source::read_batches(reader_bar.wrap_read(file), batch_length, &sender));
    let http = reqwest::Client::builder().build().context("making the HTTP client")?;
    let poster = send::Poster {
        ingestion: IngestionClient::new(http, &args.to),
        refused: refused.clone(),
        totals: totals.clone(),
        bar: bar.clone(),
        patience: Duration::from_secs(args.give_up_after),
    };
    let posted = send::post_all(poster, receiver, workers).await;
    // The reader ends by itself: at the end of the file, or when nobody receives any more.
    let read = reading.await.context("reading the file")?;
    bar.finish_and_clear();
    report(&totals, &refused, started.elapsed());
    posted.context("not everything was replayed (the same command resumes)")?;
    read?;
    refused.finish()?;
    Ok(if totals.refused() == 0 { Verdict::Success } else { Verdict::Failure })
}

fn bar_style() -> anyhow::Result<ProgressStyle> {
    let template = "{bar:40} {percent:>3}%  {bytes} of {total_bytes}  {msg}  {eta} left";
    ProgressStyle::with_template(template).context("drawing the progress bar")
}

fn report(totals: &Totals, refused: &RefusedFile, took: Duration) {
    let accepted = totals.accepted();
    let rate = accepted as f64 / took.as_secs_f64().max(1e-3);
    terminal::say(format_args!("accepted {accepted} events in {:.1} s ({rate:.0} events/s)", took.as_secs_f64()));
    if totals.refused() > 0 {
        terminal::complain(format_args!("refused {} events: see {}", totals.refused(), refused.path().display()));
    }
}
