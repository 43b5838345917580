//! The ingestion API as a process of its own.

use ingestion_api::Config;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    service::process::run(|config: &Config| &config.telemetry, ingestion_api::run).await
}
