//! From SQLite's errors to what a caller can do about them.

use crate::StoreError;

/// SQLITE_CORRUPT: the file's pages contradict each other.
const CORRUPT: i32 = 11;
/// SQLITE_NOTADB: the file is something else.
const NOT_A_DATABASE: i32 = 26;
/// The low byte of an extended result code is its primary code.
const PRIMARY_CODE_MASK: i32 = 0xff;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_damage(&error) { Self::Damaged(error.to_string()) } else { Self::Unavailable(error.to_string()) }
    }
}

fn is_damage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::Migrate(_) => true,
        sqlx::Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & PRIMARY_CODE_MASK);
            matches!(code, Some(CORRUPT | NOT_A_DATABASE))
        }
        _ => false,
    }
}

/// Makes the error for a column whose value this build cannot mean.
pub(super) fn damaged(what: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("{what} `{value}`"))
}
