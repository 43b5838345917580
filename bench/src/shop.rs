//! What the measurements post: known users whose every event flips a segment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use e2e::process::Places;
use e2e::system::segment;
use schema::EventId;
use serde_json::json;
use shoal::client::{IngestionClient, SegmentsClient};
use uuid::Uuid;

const USERS: u64 = 2_000;

/// Beside the one that flips: what a small site may have.
const SEGMENTS: [(&str, &str); 6] = [
    (
        "flips",
        "max(created_at) FILTER (WHERE activity_type = 'a') > \
         coalesce(max(created_at) FILTER (WHERE activity_type = 'b'), TIMESTAMP '1970-01-01 00:00:00')",
    ),
    ("active-visitors", "created_at >= now() - INTERVAL 30 MINUTE"),
    (
        "area-no-buyers",
        "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
         AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 30 DAY)",
    ),
    (
        "mobile-lapsed",
        "device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'page_viewed') >= 10 \
         AND max(created_at) < now() - INTERVAL 7 DAY",
    ),
    ("busy", "count(*) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) >= 1000"),
    (
        "big-spenders",
        "user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased' \
         AND created_at >= now() - INTERVAL 90 DAY GROUP BY user_id HAVING sum(order_total) > 500)",
    ),
];

/// A running system with its segments and users.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) http: reqwest::Client,
    pub(crate) ingestion: IngestionClient,
    pub(crate) config_url: String,
    next: Arc<AtomicU64>,
}

/// One event to post.
pub(crate) struct Posting {
    pub(crate) event_id: EventId,
    pub(crate) body: serde_json::Value,
}

impl Shop {
    /// Makes the segments, and the users by a first event each.
    pub(crate) async fn open(places: &Places) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().build().context("making the HTTP client")?;
        let ingestion = IngestionClient::new(http.clone(), &places.ingestion);
        let segments = SegmentsClient::new(http.clone(), &places.config);
        for (tag, clause) in SEGMENTS {
            segments.create(&segment(tag, clause)).await?;
        }
        segments.until_live().await?;
        let shop = Self { http, ingestion, config_url: places.config.clone(), next: Arc::default() };
        let first: Vec<String> = (0..USERS).map(|_| shop.next_posting().body.to_string()).collect();
        for lines in first.chunks(500) {
            shop.ingestion.post_batch(lines.iter().map(String::as_str)).await?;
        }
        Ok(shop)
    }

    /// Returns the next event: users take turns, and each turn is the other kind of event.
    pub(crate) fn next_posting(&self) -> Posting {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (user, turn) = (number % USERS, number / USERS);
        let event_id = Uuid::from_u128(0x5_0000 << 60 | u128::from(number));
        let activity_type = if turn.is_multiple_of(2) { "b" } else { "a" };
        let body = json!({
            "event_id": event_id, "id": format!("bench-{user}"), "id_type": "cookie",
            "region": "California", "device_type": "mobile", "created_at": e2e::now(),
            "payload": { "activity_type": activity_type, "url": "https://shop.example/7" },
        });
        Posting { event_id: EventId(event_id), body }
    }
}
