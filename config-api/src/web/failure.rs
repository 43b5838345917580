//! From the parts' errors to what a client is told.

use axum::http::StatusCode;
use bus::BusError;
use service::problem::Problem;
use store::{ConflictField, StoreError};
use warehouse::WarehouseError;

/// After how many seconds to try again what a part could not do now.
const RETRY_AFTER_SECONDS: u64 = 1;

pub(crate) fn store_problem(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict(field) => conflict(field),
        StoreError::Unavailable(cause) => unavailable("store_unavailable", "the store", cause),
        StoreError::Damaged(cause) => Problem::internal(cause),
    }
}

fn conflict(field: ConflictField) -> Problem {
    let (status, code, detail) = match field {
        ConflictField::Tag => (StatusCode::CONFLICT, "tag_taken", "another live segment has this tag"),
        ConflictField::Code => (StatusCode::CONFLICT, "code_taken", "another activity has this code"),
        ConflictField::ClientRefId => {
            (StatusCode::CONFLICT, "client_ref_id_taken", "another user has this clientRefId")
        }
        ConflictField::Version => {
            let detail = "the segment was changed since the version named by If-Match";
            (StatusCode::PRECONDITION_FAILED, "version_mismatch", detail)
        }
    };
    Problem::new(status, code, detail)
}

pub(crate) fn bus_problem(error: BusError) -> Problem {
    match error {
        BusError::Unavailable(_) | BusError::Broken(_) | BusError::Full => {
            unavailable("log_unavailable", "the log", error)
        }
        other => Problem::internal(other),
    }
}

pub(crate) fn warehouse_problem(error: WarehouseError) -> Problem {
    match error {
        WarehouseError::Unavailable(cause) => unavailable("history_unavailable", "the history", cause),
        other => Problem::internal(other),
    }
}

fn unavailable(code: &'static str, what: &str, cause: impl std::fmt::Display) -> Problem {
    Problem::unavailable(code, format!("{what} is not available now"), RETRY_AFTER_SECONDS).because(cause)
}
