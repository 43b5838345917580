//! A subscriber of the stream of changes, as an EventSource reads it.

use reqwest::{Method, Response};
use schema::SegmentChange;

use crate::app::{SOON, TestApp};

/// One block of the stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

pub(crate) struct Stream {
    response: Response,
    buffered: String,
    /// What an EventSource would send after a reconnect.
    pub(crate) last_event_id: String,
}

impl Stream {
    pub(crate) async fn open(app: &TestApp, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = app.request(Method::GET, &format!("/api/v1/changes{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream =
            Self { response, buffered: String::new(), last_event_id: last_event_id.unwrap_or_default().to_owned() };
        // The first block says where the stream begins.
        let first = stream.block().await.unwrap();
        assert_eq!((first.event.as_str(), first.data.as_str()), ("", ""));
        stream
    }

    /// Reads the next block, also one without an event; `None` when the server closed the stream.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.buffered.find("\n\n") {
                let text: String = self.buffered.drain(..end + 2).collect();
                let block = parse(&text);
                if let Some(id) = &block.id {
                    self.last_event_id.clone_from(id);
                }
                return Some(block);
            }
            let chunk = tokio::time::timeout(SOON, self.response.chunk()).await.expect("the stream is silent");
            self.buffered.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// Reads the next event, passing over keep-alives.
    pub(crate) async fn event(&mut self) -> Option<Block> {
        loop {
            let block = self.block().await?;
            if !block.event.is_empty() {
                return Some(block);
            }
        }
    }

    pub(crate) async fn change(&mut self) -> SegmentChange {
        let block = self.event().await.expect("the stream was closed");
        assert_eq!(block.event, "change", "{block:?}");
        serde_json::from_str(&block.data).unwrap()
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => value.clone_into(&mut block.event),
            Some(("id", value)) => block.id = Some(value.to_owned()),
            Some(("data", value)) => value.clone_into(&mut block.data),
            _ => assert!(line.is_empty() || line.starts_with(':'), "{line:?}"),
        }
    }
    block
}
