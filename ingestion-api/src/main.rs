//! The ingestion API as a process of its own.

use ingestion_api::Config;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::load()?;
    let telemetry = service::telemetry::init(&config.telemetry)?;
    service::config::log(&config);
    let shutdown = CancellationToken::new();
    service::shutdown::on_signal(shutdown.clone())?;
    let ran = ingestion_api::run(config, shutdown).await;
    telemetry.flush();
    ran
}
