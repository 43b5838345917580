//! One input: everything that can change a membership is a record of the log, keyed by user.

use serde::{Deserialize, Serialize};

use crate::{Event, EventId, PartitionId, Payload, Timestamp, UserId};

/// A place in a partition of a topic, counted from 0 without gaps.
pub type Offset = u64;

/// Where a record lies in the log `events`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LogPosition {
    /// Which partition.
    pub partition: PartitionId,
    /// Where in it.
    pub offset: Offset,
}

/// A user is erased: out of every segment, events and identities gone. The id is never used again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UserDeletion {
    /// Whom to erase.
    pub user_id: UserId,
    /// When the erasure was accepted.
    pub received_at: Timestamp,
}

/// What was said of a user, by the user's own words or by the customer's: all of it, not what changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct UserTraits {
    /// Of whom.
    pub user_id: UserId,
    /// Names what was said; a change that it causes carries it.
    pub event_id: EventId,
    /// When it was said. Of several the last one counts, whatever comes first.
    pub created_at: Timestamp,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// The text of one JSON object.
    pub traits: Payload,
}

/// A record of the log `events`; on the wire a JSON object whose `kind` says which.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every record is an event; a box each would cost more")]
pub enum LogRecord {
    /// A user did something.
    Event(Event),
    /// Something was said of a user.
    Traits(UserTraits),
    /// A user is erased.
    Deletion(UserDeletion),
}

/// A value of the log that is no record.
#[derive(Debug, thiserror::Error)]
pub enum DecodeRecordError {
    /// Not JSON, or not the fields that its kind has.
    #[error("not a log record: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A kind this version does not know.
    #[error("unknown kind of log record `{0}`")]
    UnknownKind(String),
}

#[derive(Serialize)]
struct Tagged<'a, T: Serialize> {
    kind: &'static str,
    #[serde(flatten)]
    record: &'a T,
}

#[derive(Deserialize)]
struct KindOnly<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
}

impl LogRecord {
    /// Returns whose record it is.
    pub fn user_id(&self) -> UserId {
        match self {
            Self::Event(event) => event.user_id,
            Self::Traits(traits) => traits.user_id,
            Self::Deletion(deletion) => deletion.user_id,
        }
    }

    /// Returns when it was accepted.
    pub fn received_at(&self) -> Timestamp {
        match self {
            Self::Event(event) => event.received_at,
            Self::Traits(traits) => traits.received_at,
            Self::Deletion(deletion) => deletion.received_at,
        }
    }

    /// Writes the JSON that stands in the log.
    pub fn encode(&self) -> Vec<u8> {
        let encoded = match self {
            Self::Event(event) => serde_json::to_vec(&Tagged { kind: "event", record: event }),
            Self::Traits(traits) => serde_json::to_vec(&Tagged { kind: "traits", record: traits }),
            Self::Deletion(deletion) => serde_json::to_vec(&Tagged { kind: "deletion", record: deletion }),
        };
        // Serialising these types has no way to fail: no maps with odd keys, no I/O.
        encoded.unwrap_or_default()
    }

    /// Reads what `encode` wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeRecordError> {
        // As `encode` begins an event, which nearly every record is.
        if bytes.starts_with(br#"{"kind":"event","#) {
            return Ok(Self::Event(serde_json::from_slice(bytes)?));
        }
        // Two passes, because a tagged enum would buffer the payload and lose its raw text.
        let KindOnly { kind } = serde_json::from_slice(bytes)?;
        match kind.as_ref() {
            "event" => Ok(Self::Event(serde_json::from_slice(bytes)?)),
            "traits" => Ok(Self::Traits(serde_json::from_slice(bytes)?)),
            "deletion" => Ok(Self::Deletion(serde_json::from_slice(bytes)?)),
            other => Err(DecodeRecordError::UnknownKind(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_payload_byte_for_byte_through_the_log() {
        let text = br#"{"kind":"event","event_id":"c1d1caef-b216-4fca-bd2d-d776bd6204d6","user_id":7,"activity_type":"product_purchased","order_total":"12.5000","created_at":"2023-10-31T00:00:00Z","received_at":"2023-10-31T00:00:01.000002Z","payload":{"b": 1.10,"a":null}}"#;
        let record = LogRecord::decode(text).unwrap();
        assert_eq!(String::from_utf8(record.encode()).unwrap(), String::from_utf8(text.to_vec()).unwrap());
    }

    #[test]
    fn traits_keep_their_text_through_the_log() {
        let text = br#"{"kind":"traits","user_id":7,"event_id":"c1d1caef-b216-4fca-bd2d-d776bd6204d6","created_at":"2023-10-31T00:00:00Z","received_at":"2023-10-31T00:00:01.000002Z","traits":{"plan": "pro","n":1.10}}"#;
        let record = LogRecord::decode(text).unwrap();
        assert_eq!(String::from_utf8(record.encode()).unwrap(), String::from_utf8(text.to_vec()).unwrap());
    }

    #[test]
    fn a_kind_from_the_future_is_named() {
        let error = LogRecord::decode(br#"{"kind":"teleport","user_id":7}"#).unwrap_err();
        assert_eq!(error.to_string(), "unknown kind of log record `teleport`");
    }
}
