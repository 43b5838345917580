//! What the client's errors mean for those who call the log.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::BusError;

/// Says that it may work later.
pub(super) fn unavailable(doing: &str, error: &KafkaError) -> BusError {
    BusError::Unavailable(format!("{doing}: {}", reason(error)))
}

/// Returns the innermost reason of an error, in the words of librdkafka.
pub(super) fn reason(error: &KafkaError) -> String {
    match error {
        KafkaError::Transaction(error) => error.string(),
        error => match error.rdkafka_error_code() {
            Some(code) => code.to_string(),
            None => error.to_string(),
        },
    }
}

/// Returns whether an error says that someone else has the transactional id now.
pub(super) fn is_fence(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch)
}

/// Returns whether an error says that a partition is just changing its leader, or was just made.
pub(super) fn is_moving(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::FencedLeaderEpoch
            | RDKafkaErrorCode::UnknownLeaderEpoch
            | RDKafkaErrorCode::ReplicaNotAvailable
            | RDKafkaErrorCode::OffsetNotAvailable
    )
}
