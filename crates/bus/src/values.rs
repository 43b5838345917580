//! How values lie in topics, in every form of the log.

use schema::{ErrorRecord, UserId};
use serde::Serialize;

use crate::BusError;

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
