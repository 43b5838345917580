//! Where things are: for people on the terminal, for programs in a file.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::terminal;

/// The addresses of a running `shoal up`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Places {
    /// URL of the ingestion-api.
    pub(super) ingestion: String,
    /// URL of the config-api.
    pub(super) config: String,
    /// URLs of the metrics of ingestion-api, config-api and segmenter, in this order.
    pub(super) metrics: [String; 3],
}

impl Places {
    /// Makes URLs of what the services listen on.
    pub(super) fn new(ingestion: SocketAddr, config: SocketAddr, metrics: [SocketAddr; 3]) -> Self {
        Self {
            ingestion: url(ingestion),
            config: url(config),
            metrics: metrics.map(|address| url(address) + "/metrics"),
        }
    }

    /// Tells people.
    pub(super) fn announce(&self, data: &Path) {
        let Self { ingestion, config, metrics } = self;
        let lines = [
            ("post events to", format!("{ingestion}/api/v1/events")),
            ("segments, users", format!("{config}/api/v1/segments")),
            ("live changes", format!("curl -N {config}/api/v1/changes")),
            ("API pages", format!("{ingestion}/docs  {config}/docs")),
            ("metrics", metrics.join("  ")),
            ("data", data.display().to_string()),
        ];
        terminal::say(format_args!("shoal is up (Ctrl-C stops it)"));
        for (what, place) in lines {
            terminal::say(format_args!("  {what:<16} {place}"));
        }
    }

    /// Writes them for programs; the file is there as a whole or not at all.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string(self).context("writing addresses")?;
        let unfinished = path.with_extension("unfinished");
        std::fs::write(&unfinished, text + "\n").with_context(|| format!("writing {}", unfinished.display()))?;
        std::fs::rename(&unfinished, path).with_context(|| format!("writing {}", path.display()))
    }
}

/// An address that stands for every interface is shown as the one that works from here.
fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://127.0.0.1:{}", address.port());
    }
    format!("http://{address}")
}
