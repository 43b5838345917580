//! The live stream of segment changes, resumable.

use std::collections::VecDeque;

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use schema::SegmentChange;

use super::sse::{SseEvent, SseParser};

/// An open stream of changes.
pub struct ChangeStream {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    parser: SseParser,
    ready: VecDeque<SseEvent>,
    last_event_id: Option<String>,
}

impl ChangeStream {
    /// Opens `GET /api/v1/changes` of the config-api at `url`, after `last_event_id` if given, else
    /// from now on. When it returns, the server has answered: changes from here on are in the stream.
    pub async fn open(http: &reqwest::Client, url: &str, last_event_id: Option<&str>) -> anyhow::Result<Self> {
        let mut request = http.get(format!("{url}/api/v1/changes")).header("accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.context("opening the change stream")?;
        let response = response.error_for_status().context("opening the change stream")?;
        let bytes = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec())).boxed();
        let last_event_id = last_event_id.map(str::to_owned);
        Ok(Self { bytes, parser: SseParser::default(), ready: VecDeque::new(), last_event_id })
    }

    /// Returns the id from which the stream goes on after everything that `next` has returned.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }

    /// Waits for the next change; `None` when the server closed the stream.
    pub async fn next(&mut self) -> anyhow::Result<Option<SegmentChange>> {
        loop {
            while let Some(event) = self.ready.pop_front() {
                if event.id.is_some() {
                    self.last_event_id = event.id;
                }
                match (event.event.as_deref(), event.data) {
                    (None | Some("change"), Some(data)) => return read_change(&data).map(Some),
                    (Some("error"), data) => bail!("the change stream ended: {}", data.unwrap_or_default()),
                    // A keep-alive, or something from the future.
                    _ => {}
                }
            }
            match self.bytes.next().await {
                Some(chunk) => self.ready.extend(self.parser.feed(&chunk.context("reading the change stream")?)),
                None => return Ok(None),
            }
        }
    }
}

fn read_change(text: &str) -> anyhow::Result<SegmentChange> {
    serde_json::from_str(text).with_context(|| format!("reading the change {text}"))
}
