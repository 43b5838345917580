//! `shoal up`: all services in one process on embedded parts.
//!
//! Opens the log, the history and the store of a data directory once, sees that they belong
//! together ([`wholeness`]), hands them to the three services ([`compose`]), says where things are
//! ([`places`]), and stops everything in order at a signal ([`signals`]). What a service does is in its own crate; nothing is decided here.

mod compose;
mod places;
mod sample;
mod signals;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bus::embedded::EmbeddedLogOptions;
use clap::Args;
use store::StoreOptions;
use tokio_util::sync::CancellationToken;

use crate::backup::Answering;
use crate::cli::Verdict;
use crate::installation::{DataDirectory, Parts, unmake, wholeness};
use crate::{demo, terminal};

/// Start everything in one process: ingestion, segmentation, definitions, look-ups, live changes
#[derive(Args, Clone, Debug)]
pub(crate) struct UpArgs {
    /// Where events, state and definitions are kept; made if absent
    #[arg(long, value_name = "DIR", default_value = "data", env = "SHOAL_DATA")]
    data: PathBuf,
    /// Create the sample segments (active visitors, area no buyers, mobile lapsed, browsing now) if absent
    #[arg(long)]
    sample: bool,
    /// Send the traffic of the simulated shop as well, so many events per second, and show the changes
    #[arg(long, value_name = "RATE", num_args = 0..=1, default_missing_value = "8", value_parser = demo::positive)]
    demo: Option<f64>,
    /// The address that everything without a configured one listens on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1", env = "SHOAL_HOST")]
    host: IpAddr,
    /// The port of the ingestion-api instead of the configured one (0 takes a free one)
    #[arg(long, value_name = "PORT")]
    ingestion_port: Option<u16>,
    /// The port of the config-api instead of the configured one (0 takes a free one)
    #[arg(long, value_name = "PORT")]
    config_port: Option<u16>,
    /// Take free ports for everything, metrics included
    #[arg(long)]
    free_ports: bool,
    /// Write the addresses to this file as JSON, when everything is up
    #[arg(long, value_name = "FILE")]
    ports_file: Option<PathBuf>,
}

pub(crate) async fn run(args: UpArgs) -> anyhow::Result<Verdict> {
    let shutdown = CancellationToken::new();
    signals::cancel_at_signal(shutdown.clone())?;
    let config = compose::UpConfig::load(&args)?;
    let telemetry = config.start_telemetry()?;
    let (data, store) = (args.data.clone(), config.store_options());
    let outcome = run_until_shutdown(args, config, shutdown).await;
    telemetry.flush();
    if let Some(advice) = outcome.as_ref().err().and_then(|error| advice(error, &data, &store)) {
        terminal::complain(format_args!("{advice}"));
    }
    outcome.map(|()| Verdict::Success)
}

/// What somebody at the terminal can do about it.
fn advice(error: &anyhow::Error, data: &Path, store: &StoreOptions) -> Option<String> {
    if is_taken_address(error) {
        return Some("is another one running? `--free-ports` takes ports that are free".to_owned());
    }
    wholeness::advice(error, data, store)
}

fn is_taken_address(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.map(std::io::Error::kind).any(|kind| kind == std::io::ErrorKind::AddrInUse)
}

async fn run_until_shutdown(
    args: UpArgs,
    config: compose::UpConfig,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let directory = DataDirectory::create(&args.data)?;
    let options = EmbeddedLogOptions { partitions: config.partitions(), ..EmbeddedLogOptions::default() };
    let parts = Parts::open(&directory, options, config.store_options()).await?;
    let (store, made) = (parts.store.clone(), parts.made.clone());
    let outcome = run_on(parts, &directory, args, config, shutdown).await;
    // Also when nothing was started: a journal that is left behind would spoil a copy that is put back.
    store.close().await;
    if outcome.as_ref().is_err_and(|error| error.is::<wholeness::Refusal>())
        && let Err(error) = unmake(&made)
    {
        terminal::complain(format_args!("{error:#}"));
    }
    outcome?;
    terminal::say(format_args!("stopped; everything accepted is in {}", directory.path().display()));
    Ok(())
}

async fn run_on(
    parts: Parts,
    directory: &DataDirectory,
    args: UpArgs,
    config: compose::UpConfig,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    wholeness::check(&parts, directory).await?;
    let store = config.store_options();
    let services = compose::start(config, parts.clone(), shutdown.clone()).await?;
    let backups = Answering::start(parts.clone(), directory.clone(), store, shutdown.clone());
    let places = services.places().clone();
    if args.sample {
        sample::create(&places).await.context("creating the sample segments")?;
    }
    places.announce(directory.path());
    if let Some(path) = &args.ports_file {
        places.write(path)?;
    }
    let shop = args.demo.map(|rate| tokio::spawn(open_shop(places, rate, shutdown.clone())));
    let stopped = services.finished(shutdown).await;
    backups.ended().await;
    if let Some(shop) = shop {
        shop.await.context("closing the sample shop")?;
    }
    stopped?;
    if let Err(error) = wholeness::seal(&parts, directory).await {
        tracing::warn!(error = format!("{error:#}"), "the parts could not be marked as stopped together");
    }
    Ok(())
}

/// A shop in trouble does not take the services with it.
async fn open_shop(places: places::Places, rate: f64, shutdown: CancellationToken) {
    let args = demo::DemoArgs { to: places.ingestion, config: places.config, rate, duration: None, seed: None };
    if let Err(error) = demo::open(args, shutdown.child_token()).await {
        terminal::complain(format_args!("the sample shop closed: {error:#}"));
    }
}
