//! Defining segments and asking who is in them.

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

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
    pub id: schema::SegmentId,
    /// Its stable name.
    pub tag: String,
    /// The clause.
    pub where_statement: String,
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
    pub async fn list(&self) -> anyhow::Result<Vec<SegmentBody>> {
        let mut segments = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let parameters = cursor.iter().map(|cursor| ("cursor", cursor));
            let url = reqwest::Url::parse_with_params(&format!("{}/api/v1/segments", self.url), parameters)
                .with_context(|| format!("reading the URL {}", self.url))?;
            let page: Page = answer(self.http.get(url)).await.context("listing segments")?;
            segments.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(segments);
            }
        }
    }

    /// Creates a segment.
    pub async fn create(&self, segment: &NewSegment) -> anyhow::Result<SegmentBody> {
        let request = self.http.post(format!("{}/api/v1/segments", self.url)).json(segment);
        answer(request).await.with_context(|| format!("creating segment `{}`", segment.tag))
    }

    /// Creates the segment unless one of that tag is there; returns the one that is there.
    pub async fn create_if_absent(&self, segment: &NewSegment) -> anyhow::Result<SegmentBody> {
        match self.list().await?.into_iter().find(|existing| existing.tag == segment.tag) {
            Some(existing) => Ok(existing),
            None => self.create(segment).await,
        }
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<SegmentBody>,
    #[serde(default)]
    next_cursor: Option<String>,
}

async fn answer<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> anyhow::Result<T> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.text().await?;
    if !status.is_success() {
        bail!("{status}: {body}");
    }
    serde_json::from_str(&body).with_context(|| format!("reading the answer {body}"))
}
