//! The config API as a process of its own.

use config_api::Config;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    service::process::run(|config: &Config| &config.telemetry, config_api::run).await
}
