//! An event, as it is stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Decimal, EventId, Timestamp, UserId};

/// A text of an event: of up to 24 bytes, as most are, it lies in the event itself and not elsewhere in memory.
pub type Text = compact_str::CompactString;

/// An immutable thing that a user did: one row of the table `events`.
///
/// Empty strings in the lifted columns were turned into `None`; the payload is as it was sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Unique after deduplication.
    pub event_id: EventId,
    /// Whose event it is.
    pub user_id: UserId,
    /// What kind of thing happened.
    pub activity_type: Text,
    /// Where the user was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text>,
    /// ISO country, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Text>,
    /// `mobile`, `desktop`, `tablet`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_type: Option<Text>,
    /// Lifted out of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text>,
    /// Lifted out of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_id: Option<Text>,
    /// Lifted out of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Text>,
    /// Lifted out of the payload's raw text: DECIMAL(18,4), exact.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "order_total")]
    pub order_total: Option<Decimal>,
    /// When it happened, says the source.
    pub created_at: Timestamp,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// The payload as sent: the text of one JSON object.
    pub payload: Payload,
}

impl Event {
    /// Digits of `order_total` in all: DECIMAL(18,4).
    pub const ORDER_TOTAL_PRECISION: u32 = 18;
    /// Digits of `order_total` behind the point: DECIMAL(18,4).
    pub const ORDER_TOTAL_SCALE: u8 = 4;

    /// Makes an event that is received when it happens, of nothing but what every event has.
    pub fn new(event_id: EventId, user_id: UserId, activity_type: impl Into<Text>, created_at: Timestamp) -> Self {
        Self {
            event_id,
            user_id,
            activity_type: activity_type.into(),
            region: None,
            country: None,
            device_type: None,
            url: None,
            element_id: None,
            order_id: None,
            order_total: None,
            created_at,
            received_at: created_at,
            payload: Payload::empty(),
        }
    }
}

/// The free part of an event: the raw text of a JSON object.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(Box<RawValue>);

impl Payload {
    /// Keeps the text as it was sent.
    pub fn new(raw: Box<RawValue>) -> Self {
        Self(raw)
    }

    /// Returns `{}`.
    pub fn empty() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// Returns the JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// On the wire `order_total` is a string, so that no JSON reader makes a float of it.
mod order_total {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::{Decimal, Event};

    pub(super) fn serialize<S: Serializer>(total: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match total {
            Some(decimal) => serializer.collect_str(decimal),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let Some(text) = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)? else {
            return Ok(None);
        };
        Decimal::parse_column(&text, Event::ORDER_TOTAL_PRECISION, Event::ORDER_TOTAL_SCALE)
            .map(Some)
            .map_err(|error| de::Error::custom(format!("order_total {error}")))
    }
}
