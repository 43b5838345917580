//! Defining segments and asking who is in them.

use std::time::Duration;

use schema::SegmentId;
use serde::{Deserialize, Serialize};

use super::call::{CallError, read_answer, send};

/// How often to look at what is not live yet.
const POLL: Duration = Duration::from_millis(50);

/// A segment to create, or what an existing one is to become.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSegment {
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Its stable name.
    pub tag: String,
    /// The clause.
    pub where_statement: String,
    /// Whether it may concern any activity.
    pub is_generic: bool,
}

/// A segment as the config-api shows it, as far as a client here looks.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentBody {
    /// Its id, which changes are about.
    pub id: SegmentId,
    /// Its stable name.
    pub tag: String,
    /// The clause.
    pub where_statement: String,
    /// `live` when this version decides memberships.
    pub status: String,
}

/// A client of the config-api.
#[derive(Clone, Debug)]
pub struct SegmentsClient {
    http: reqwest::Client,
    url: String,
}

impl SegmentsClient {
    /// Talks to the config-api at `url`.
    pub fn new(http: reqwest::Client, url: &str) -> Self {
        Self { http, url: url.trim_end_matches('/').to_owned() }
    }

    /// Lists all segments, page by page.
    pub async fn list(&self) -> Result<Vec<SegmentBody>, CallError> {
        let mut segments = Vec::new();
        let mut next = self.address("");
        loop {
            let page: Page = read_answer(&send(self.http.get(&next)).await?)?;
            segments.extend(page.items);
            let Some(cursor) = page.next_cursor else { return Ok(segments) };
            next = self.address(&format!("?cursor={cursor}"));
        }
    }

    /// Creates a segment.
    pub async fn create(&self, segment: &NewSegment) -> Result<SegmentBody, CallError> {
        read_answer(&send(self.http.post(self.address("")).json(segment)).await?)
    }

    /// Makes the segment what `segment` says: its next version.
    pub async fn update(&self, id: SegmentId, segment: &NewSegment) -> Result<SegmentBody, CallError> {
        read_answer(&send(self.http.put(self.address(&format!("/{id}"))).json(segment)).await?)
    }

    /// Deletes the segment; everybody in it leaves it.
    pub async fn delete(&self, id: SegmentId) -> Result<(), CallError> {
        send(self.http.delete(self.address(&format!("/{id}")))).await.map(drop)
    }

    /// Creates the segment unless one of that tag is there; returns the one that is there.
    pub async fn create_if_absent(&self, segment: &NewSegment) -> Result<SegmentBody, CallError> {
        match self.list().await?.into_iter().find(|existing| existing.tag == segment.tag) {
            Some(existing) => Ok(existing),
            None => self.create(segment).await,
        }
    }

    /// Waits until every segment there is decides memberships.
    pub async fn until_live(&self) -> Result<(), CallError> {
        while self.list().await?.iter().any(|segment| segment.status != "live") {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Cursors are made of characters that stand in a URL as they are.
    fn address(&self, rest: &str) -> String {
        format!("{}/api/v1/segments{rest}", self.url)
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<SegmentBody>,
    #[serde(default)]
    next_cursor: Option<String>,
}
