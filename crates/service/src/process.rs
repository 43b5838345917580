//! A service as a process of its own: configuration, telemetry, run until a signal, flush.

use std::future::Future;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Configuration, TelemetryConfig};
use crate::{shutdown, telemetry};

/// Loads the configuration and runs the service until it ends or a signal asks it to.
///
/// Must be called inside a tokio runtime.
pub async fn run<C, Serving>(
    telemetry_of: impl FnOnce(&C) -> &TelemetryConfig,
    serve: impl FnOnce(C, CancellationToken) -> Serving,
) -> anyhow::Result<()>
where
    C: Configuration,
    Serving: Future<Output = anyhow::Result<()>>,
{
    let config: C = config::load().context("loading the configuration")?;
    let telemetry = telemetry::init(telemetry_of(&config)).context("starting telemetry")?;
    config::log(&config);
    let stop = CancellationToken::new();
    shutdown::on_signal(stop.clone())?;
    let outcome = serve(config, stop).await;
    telemetry.flush();
    outcome
}
