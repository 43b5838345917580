//! The segmenter as a process of its own.

use segmenter::Config;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    service::process::run(|config: &Config| &config.telemetry, segmenter::run).await
}
