//! Messages that somebody could not process: stored whole for people, and told of in `errors`.
//!
//! Whoever puts a message aside writes both: the segmenter in the commit that passes over it, the writer of the
//! history before its position passes it. Both name the place in `events`, by which they find each other.

use schema::{ErrorRecord, ErrorType, Offset, PartitionId, Topic, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{BusError, StoredRecord};

/// A message that could not be processed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// Its key.
    pub user_id: UserId,
    /// Where it lies in `events`: in which partition, which is also that of the letter.
    pub partition: PartitionId,
    /// And where in that.
    pub offset: Offset,
    /// Why, as a stable label.
    pub reason: &'static str,
    /// The message as it was.
    pub value: bytes::Bytes,
}

/// Which message a stored letter is about, and why.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct LetterHead {
    /// Where it lies in `events`: in which partition.
    pub partition: PartitionId,
    /// And where in that.
    pub offset: Offset,
    /// Why, as a stable label.
    pub reason: String,
}

impl DeadLetter {
    /// Returns what is said of it in `errors`; `detail` tells people more than the label.
    pub fn error_record(&self, error_type: ErrorType, detail: &str) -> ErrorRecord {
        let Self { user_id, partition, offset, reason, .. } = self;
        let data = json!({
            "reason": reason, "detail": detail, "user_id": user_id, "partition": partition, "offset": offset,
        });
        ErrorRecord { error_type, data }
    }

    /// Returns the value that lies in `dead-letters`.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, BusError> {
        crate::values::encode(&Letter::new(self))
    }
}

impl LetterHead {
    /// Reads it of a record of `dead-letters`; `None` of one that says no such thing.
    pub fn of(record: &StoredRecord) -> Option<Self> {
        serde_json::from_slice(&record.value).ok()
    }
}

/// A dead letter as it lies in its topic; `message` when it is text, else `message_hex`.
#[derive(Serialize)]
struct Letter<'a> {
    topic: &'static str,
    partition: PartitionId,
    offset: Offset,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_hex: Option<String>,
}

impl<'a> Letter<'a> {
    fn new(letter: &'a DeadLetter) -> Self {
        let DeadLetter { partition, offset, reason, ref value, .. } = *letter;
        let message = std::str::from_utf8(value).ok();
        let message_hex = message.is_none().then(|| value.iter().map(|byte| format!("{byte:02x}")).collect());
        Self { topic: Topic::Events.as_str(), partition, offset, reason, message, message_hex }
    }
}
