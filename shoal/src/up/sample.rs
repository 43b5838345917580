//! The sample segments: made through the HTTP API, as an analyst would.

use std::time::Duration;

use anyhow::Context as _;

use super::places::Places;
use crate::client::{NewSegment, SegmentsClient};

/// Title, tag, what it is for, clause.
const SAMPLES: [(&str, &str, &str, &str); 4] = [
    (
        "Browsing now",
        "browsing-now",
        "Did something in the last 30 seconds; left by time alone.",
        "created_at >= now() - INTERVAL 30 SECOND",
    ),
    (
        "Active visitors",
        "active-visitors",
        "Did something in the last 30 minutes.",
        "created_at >= now() - INTERVAL 30 MINUTE",
    ),
    (
        "Area no buyers",
        "area-no-buyers",
        "Seen in California, and bought nothing in the last 30 days.",
        "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
         AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 30 DAY)",
    ),
    (
        "Mobile lapsed",
        "mobile-lapsed",
        "On a mobile device, ten or more page views, and not seen for seven days.",
        "device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'page_viewed') >= 10 \
         AND max(created_at) < now() - INTERVAL 7 DAY",
    ),
];

/// How long the sample segments may take to be live until the rest goes on without them; a full data
/// directory has much history to read.
const PATIENCE: Duration = Duration::from_secs(20);

/// Creates the sample segments that are not there, and waits until all are live.
pub(super) async fn create(places: &Places) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().build().context("making the HTTP client")?;
    let segments = SegmentsClient::new(http, &places.config);
    for (title, tag, description, clause) in SAMPLES {
        let segment = NewSegment {
            title: title.to_owned(),
            description: description.to_owned(),
            tag: tag.to_owned(),
            where_statement: clause.to_owned(),
            is_generic: true,
        };
        segments.create_if_absent(&segment).await?;
    }
    match tokio::time::timeout(PATIENCE, segments.until_live()).await {
        Ok(live) => Ok(live?),
        Err(_still_reading_history) => Ok(()),
    }
}
