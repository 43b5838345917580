//! The events: the same for all forms, appended by the log's own producer.
//!
//! Users take turns, and each turn is the other kind of event, so that every event flips one of the
//! [`segments`]. An event's id says when it was appended: whoever is told of the event knows how long it took.

use std::time::Duration;

use anyhow::Context as _;
use bus::EventLog as _;
use bus::kafka::KafkaLog;
use schema::{
    Definitions, Event, EventId, Generation, LogRecord, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion,
    Timestamp, UserId,
};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::measured::now;

pub(crate) const USERS: u64 = 10_000;
/// How many events one call appends of a backlog.
const TOGETHER: u64 = 1_000;
/// How often a paced load appends.
const TICK: Duration = Duration::from_millis(1);
/// What stands before an event's id in a record.
const EVENT_ID: &[u8] = br#""event_id":""#;

/// The one that flips, and what else a site may have.
const SEGMENTS: [(&str, &str); 10] = [
    (
        "flips",
        "max(created_at) FILTER (WHERE activity_type = 'a') > \
         coalesce(max(created_at) FILTER (WHERE activity_type = 'b'), TIMESTAMP '1970-01-01 00:00:00')",
    ),
    ("active", "created_at >= now() - INTERVAL 30 MINUTE"),
    ("busy", "count(*) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) >= 1000"),
    ("lapsed", "device_type = 'mobile' AND count(*) >= 1000 AND max(created_at) < now() - INTERVAL 7 DAY"),
    ("texans", "region = 'Texas'"),
    (
        "area-no-buyers",
        "region = 'Texas' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
         AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 30 DAY)",
    ),
    ("spenders", "sum(order_total) > 500"),
    ("readers", "count(*) FILTER (WHERE url LIKE '%/blog/%' AND created_at >= now() - INTERVAL 7 DAY) >= 5"),
    ("tablets", "count(*) FILTER (WHERE device_type = 'tablet') >= 3"),
    ("regulars", "count(*) FILTER (WHERE created_at >= now() - INTERVAL 14 DAY) >= 10000"),
];

/// The segments by which a segmenter decides.
pub(crate) fn segments() -> anyhow::Result<Definitions> {
    let segment = |(number, (tag, clause)): (usize, &(&str, &str))| {
        Ok(SegmentDefinition {
            segment_id: SegmentId(number as i64 + 1),
            tag: SegmentTag::try_from((*tag).to_owned()).map_err(anyhow::Error::msg)?,
            version: SegmentVersion(1),
            where_statement: (*clause).to_owned(),
        })
    };
    let segments = SEGMENTS.iter().enumerate().map(segment).collect::<anyhow::Result<_>>()?;
    Ok(Definitions { generation: Generation(1), segments })
}

/// Appends so many events a second, each tick's in one call.
pub(crate) async fn paced(log: KafkaLog, per_second: u64, length: Duration) -> anyhow::Result<()> {
    let (begun, mut sent, mut calls) = (Instant::now(), 0, JoinSet::new());
    let total = per_second * length.as_secs();
    let mut ticks = tokio::time::interval(TICK);
    while sent < total {
        ticks.tick().await;
        let due = (begun.elapsed().as_micros() as u64 * per_second / 1_000_000).min(total);
        if due > sent {
            let (records, log) = ((sent..due).map(|number| event(number, USERS)).collect(), log.clone());
            calls.spawn(async move { log.append(records).await });
            sent = due;
        }
    }
    while let Some(call) = calls.join_next().await {
        call?.context("appending")?;
    }
    Ok(())
}

/// Appends so many events of so many users, as fast as it goes.
pub(crate) async fn backlog(log: &KafkaLog, events: u64, users: u64) -> anyhow::Result<()> {
    for first in (0..events).step_by(usize::try_from(TOGETHER)?) {
        let records = (first..events.min(first + TOGETHER)).map(|number| event(number, users)).collect();
        log.append(records).await.context("appending")?;
    }
    Ok(())
}

/// Makes the event of that number: of the next user, and of the other kind than the one before of that user.
pub(crate) fn event(number: u64, users: u64) -> LogRecord {
    let at = now();
    let turn = number / users;
    LogRecord::Event(Event {
        region: Some("California".into()),
        country: Some("US".into()),
        device_type: Some("mobile".into()),
        url: Some("http://myawesomeproduct".into()),
        ..Event::new(
            EventId(uuid::Uuid::from_u64_pair(at.as_micros().unsigned_abs(), number)),
            UserId(i64::try_from(1 + number % users).unwrap_or(1)),
            if turn.is_multiple_of(2) { "a" } else { "b" },
            at,
        )
    })
}

/// Returns when an event was appended, by its id.
pub(crate) fn appended_at(event_id: EventId) -> Timestamp {
    Timestamp::from_micros(i64::try_from(event_id.0.as_u64_pair().0).unwrap_or(i64::MAX))
}

/// Returns when the event of a record was appended, without decoding the record.
pub(crate) fn record_appended_at(value: &[u8]) -> anyhow::Result<Timestamp> {
    let at = value.windows(EVENT_ID.len()).position(|some| some == EVENT_ID).context("a record without an event id")?;
    let text = value.get(at + EVENT_ID.len()..).and_then(|rest| rest.get(..36)).context("a record that is cut off")?;
    Ok(appended_at(EventId(uuid::Uuid::try_parse_ascii(text).context("reading an event id")?)))
}
