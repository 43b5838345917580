//! From a SQLSTATE to what a caller can do about it.

use sqlx::postgres::PgDatabaseError;

use crate::{ConflictField, StoreError};

const UNIQUE_VIOLATION: &str = "23505";
/// The operator can grant it while we run.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// How codes begin that trying again does not change: a value that no column holds, a broken
/// constraint, a table or column that is not there, a damaged page or index.
const LASTING: [&str; 5] = ["22", "23", "42", "XX001", "XX002"];

/// Returns what the error means for the caller. A timeout, a lost race, a server that starts, stops
/// or is full are all worth another try.
pub(crate) fn of_postgres(error: &PgDatabaseError) -> StoreError {
    if error.code() == UNIQUE_VIOLATION
        && let Some(field) = error.constraint().and_then(field_of)
    {
        return StoreError::Conflict(field);
    }
    let text = format!("{} ({})", error.message(), error.code());
    let lasting = LASTING.iter().any(|beginning| error.code().starts_with(beginning));
    match lasting && error.code() != INSUFFICIENT_PRIVILEGE {
        true => StoreError::Damaged(text),
        false => StoreError::Unavailable(text),
    }
}

/// Returns what two rows may not share by the index that says so. Writers look before they write;
/// this is for the two that looked at the same time.
fn field_of(constraint: &str) -> Option<ConflictField> {
    match constraint {
        "live_segment_tags" => Some(ConflictField::Tag),
        "activities_code_key" => Some(ConflictField::Code),
        "identities_pkey" => Some(ConflictField::ClientRefId),
        _ => None,
    }
}
