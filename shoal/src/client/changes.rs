//! The live stream of segment changes, resumable.

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use schema::SegmentChange;

use super::sse::{SseEvent, SseParser};

/// A change, and the id from which the stream goes on after it.
#[derive(Clone, PartialEq, Debug)]
pub struct ReceivedChange {
    /// The stream's id of it: send it as `Last-Event-ID` to go on after it.
    pub id: Option<String>,
    /// The change.
    pub change: SegmentChange,
}

/// An open stream of changes.
pub struct ChangeStream {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    parser: SseParser,
    ready: std::collections::VecDeque<SseEvent>,
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
        Ok(Self { bytes, parser: SseParser::default(), ready: std::collections::VecDeque::new() })
    }

    /// Waits for the next change; `None` when the server closed the stream.
    pub async fn next(&mut self) -> anyhow::Result<Option<ReceivedChange>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if let Some(received) = read_change(event)? {
                    return Ok(Some(received));
                }
                continue;
            }
            match self.bytes.next().await {
                Some(chunk) => self.ready.extend(self.parser.feed(&chunk.context("reading the change stream")?)),
                None => return Ok(None),
            }
        }
    }
}

/// Events of other types (a heartbeat) are passed over.
fn read_change(event: SseEvent) -> anyhow::Result<Option<ReceivedChange>> {
    if !matches!(event.event.as_deref(), None | Some("change")) {
        return Ok(None);
    }
    let change = serde_json::from_str(&event.data).with_context(|| format!("reading the change {}", event.data))?;
    Ok(Some(ReceivedChange { id: event.id, change }))
}
