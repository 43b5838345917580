//! Records that cannot be applied: stored whole for people, reported, counted, and passed over.

use bus::{DeadLetter, StoredRecord};
use schema::{DecodeRecordError, ErrorRecord, ErrorType, LogRecord, PartitionId, UserId};

/// Why a record cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// Its value is no record.
    #[error(transparent)]
    Undecodable(#[from] DecodeRecordError),
    /// Its value is about another user than its key, who may live in another partition.
    #[error("the record is about user {0}, which is not its key")]
    KeyMismatch(UserId),
}

impl Unreadable {
    /// Decodes a record, or says why it cannot be applied.
    pub(super) fn check(stored: &StoredRecord) -> Result<LogRecord, Self> {
        let record = LogRecord::decode(&stored.value)?;
        let user_id = record.user_id();
        if user_id == stored.user_id { Ok(record) } else { Err(Self::KeyMismatch(user_id)) }
    }

    /// Returns the label used in the dead letter and in metrics.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Undecodable(DecodeRecordError::Malformed(_)) => "malformed",
            Self::Undecodable(DecodeRecordError::UnknownKind(_)) => "unknown_kind",
            Self::KeyMismatch(_) => "key_mismatch",
        }
    }

    /// Returns the letter of the record, and what is said of it in `errors`.
    pub(super) fn letter(&self, partition: PartitionId, stored: &StoredRecord) -> (DeadLetter, ErrorRecord) {
        let StoredRecord { user_id, offset, ref value } = *stored;
        let letter = DeadLetter { user_id, partition, offset, reason: self.as_str(), value: value.clone() };
        let error = letter.error_record(ErrorType::SegmentComputationError, &self.to_string());
        (letter, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &'static str, expected: Result<(), &str>) {
        let stored = StoredRecord { offset: 3, user_id: UserId(7), value: value.into() };
        let found = Unreadable::check(&stored).map(drop).map_err(|unreadable| unreadable.as_str());
        assert_eq!(found, expected, "record {value}");
    }

    #[test]
    fn what_is_no_record_is_named_by_a_stable_label() {
        check("not json", Err("malformed"));
        check(r#"{"kind":"event","user_id":7}"#, Err("malformed"));
        check(r#"{"kind":"teleport","user_id":7}"#, Err("unknown_kind"));
    }

    #[test]
    fn a_record_about_another_user_than_its_key_is_not_applied() {
        check(r#"{"kind":"deletion","user_id":7,"received_at":"2026-01-01T00:00:00Z"}"#, Ok(()));
        check(r#"{"kind":"deletion","user_id":8,"received_at":"2026-01-01T00:00:00Z"}"#, Err("key_mismatch"));
    }
}
