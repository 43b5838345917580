//! The config API as a process of its own.

use anyhow::Context;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config: config_api::Config = service::config::load().context("loading the configuration")?;
    let telemetry = service::telemetry::init(&config.telemetry).context("starting telemetry")?;
    service::config::log(&config);
    let shutdown = CancellationToken::new();
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            stop_signal().await;
            shutdown.cancel();
        }
    });
    let outcome = config_api::run(config, shutdown).await;
    telemetry.flush();
    outcome
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "only Ctrl-C stops this process");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
