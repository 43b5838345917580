//! `shoal demo`: a small simulated shop sends live traffic, and the changes it causes are shown.
//!
//! The shop ([`shop`]) is a pure simulation with a seed: the same seed is the same visitors doing
//! the same things. Time, network and terminal are here and in [`watch`].

mod dice;
mod send;
mod shop;
mod watch;

pub use dice::Dice;

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use schema::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::cli::Verdict;
use crate::client::{IngestionClient, SegmentsClient};
use crate::terminal;

/// Send the live traffic of a small simulated shop, and show who enters and leaves which segment
#[derive(Args, Clone, Debug)]
pub(crate) struct DemoArgs {
    /// The ingestion-api to post to
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000")]
    pub(crate) to: String,
    /// The config-api whose changes are shown
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    pub(crate) config: String,
    /// Events per second
    #[arg(long, default_value_t = 8.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// Stop after this many seconds instead of at Ctrl-C
    #[arg(long, value_name = "SECONDS")]
    pub(crate) duration: Option<u64>,
    /// Repeat the shop of an earlier run
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

/// A shop faster than this is a load test: see `make bench`.
const MOST_EVENTS_PER_SECOND: f64 = 2_000.0;

/// Reads a rate.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    if rate > 0.0 && rate <= MOST_EVENTS_PER_SECOND {
        Ok(rate)
    } else {
        Err(format!("expected more than 0 and at most {MOST_EVENTS_PER_SECOND}"))
    }
}

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<Verdict> {
    let stop = CancellationToken::new();
    let on_signal = stop.clone();
    tokio::spawn(async move {
        let _registered = tokio::signal::ctrl_c().await;
        on_signal.cancel();
    });
    open(args, stop).await?;
    Ok(Verdict::Success)
}

/// Runs the shop until `stop`, or until its duration has passed.
pub(crate) async fn open(args: DemoArgs, stop: CancellationToken) -> anyhow::Result<()> {
    let seed = args.seed.unwrap_or_else(Dice::seed_from_the_clock);
    terminal::say(format_args!("the sample shop opens (seed {seed}, {} events/s)", args.rate));
    let http = reqwest::Client::builder().build().context("making the HTTP client")?;
    let segments = SegmentsClient::new(http.clone(), &args.config);
    let ingestion = IngestionClient::new(http.clone(), &args.to);

    // Watching starts first, so that the first event's change is shown.
    let watching = tokio::spawn(watch::show_changes(http, args.config.clone(), segments, stop.clone()));
    let mut shop = shop::Shop::new(seed);
    let selling = async {
        send::history(&ingestion, &mut shop, clock_now()).await?;
        send::live(&ingestion, &mut shop, args.rate, &stop).await
    };
    let closing = async {
        match args.duration {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let sold = tokio::select! {
        sold = selling => sold,
        () = closing => Ok(()),
        () = stop.cancelled() => Ok(()),
    };
    stop.cancel();
    watching.await.context("showing changes")??;
    sold
}

/// The rim of the program: the one place of the demo that reads the clock.
pub(crate) fn clock_now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
