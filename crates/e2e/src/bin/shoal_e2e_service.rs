//! The services as processes of their own, built along with these tests, so that they never run stale
//! ones: the first argument names one, and what runs is what its own `main.rs` runs.

use anyhow::bail;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    match name.as_str() {
        "ingestion-api" => {
            service::process::run(|config: &ingestion_api::Config| &config.telemetry, ingestion_api::run).await
        }
        "config-api" => service::process::run(|config: &config_api::Config| &config.telemetry, config_api::run).await,
        "segmenter" => service::process::run(|config: &segmenter::Config| &config.telemetry, segmenter::run).await,
        _ => bail!("there is no service `{name}`"),
    }
}
