//! From the databases' errors to what a caller can do about them.

use crate::StoreError;

/// SQLITE_CORRUPT: the file's pages contradict each other.
const CORRUPT: i32 = 11;
/// SQLITE_NOTADB: the file is something else.
const NOT_A_DATABASE: i32 = 26;
/// The low byte of an extended result code is its primary code.
const PRIMARY_CODE_MASK: i32 = 0xff;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::Migrate(_) => Self::Damaged(error.to_string()),
            sqlx::Error::Database(database) => of_database(database.as_ref()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return crate::postgres::of_postgres(error);
    }
    let code = error.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & PRIMARY_CODE_MASK);
    match code {
        Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError;
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => match Self::from(error) {
                Self::Unavailable(reason) => Self::Unavailable(format!("migrating: {reason}")),
                other => Self::Damaged(format!("migrating: {other}")),
            },
            other => Self::Damaged(format!("migrating: {other}")),
        }
    }
}

/// Makes the error for a column whose value this build cannot mean.
pub(crate) fn damaged(what: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("{what} `{value}`"))
}
