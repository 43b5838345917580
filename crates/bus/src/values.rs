//! How values lie in topics, in every form of the log.

use schema::{ErrorRecord, Offset, UserId};
use serde::Serialize;

use crate::{BusError, DeadLetter};

/// Encodes a part of a commit.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, BusError> {
    serde_json::to_vec(value).map_err(|error| BusError::Damaged(format!("encoding a commit: {error}")))
}

/// Encodes an error; its key is the `user_id` it names, else 0.
pub(crate) fn encode_error(error: &ErrorRecord) -> Result<(UserId, Vec<u8>), BusError> {
    let user_id = error.data.get("user_id").and_then(serde_json::Value::as_i64).unwrap_or(0);
    let json = serde_json::to_vec(error).map_err(|error| BusError::Damaged(format!("an error record: {error}")))?;
    Ok((UserId(user_id), json))
}

/// Encodes a dead letter.
pub(crate) fn encode_letter(letter: &DeadLetter) -> Result<Vec<u8>, BusError> {
    encode(&Letter::new(letter))
}

/// A dead letter as it lies in its topic; `message` when it is text, else `message_hex`.
#[derive(Serialize)]
struct Letter<'a> {
    offset: Offset,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_hex: Option<String>,
}

impl<'a> Letter<'a> {
    fn new(letter: &'a DeadLetter) -> Self {
        let message = std::str::from_utf8(&letter.value).ok();
        let message_hex = message.is_none().then(|| letter.value.iter().map(|byte| format!("{byte:02x}")).collect());
        Self { offset: letter.offset, reason: letter.reason, message, message_hex }
    }
}
