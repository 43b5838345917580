//! What Databend says of one row alone.
//!
//! A load that fails is answered with status 400 and the same number as its code, whatever was wrong: a value, a right, a
//! disk. A statement is answered with Databend's own code. So the row that stands alone at last goes once more, as a file
//! of the user's stage that a statement copies; and only what that is refused for is held against the row.

use uuid::Uuid;

use super::error::code;
use super::{Databend, DatabendError};

/// What became of a row.
pub(super) enum Verdict {
    Loaded,
    /// It will never be, in Databend's words.
    Refused(String),
}

/// Loads a file of one row by a statement.
pub(super) async fn load_alone(databend: &Databend, table: &str, csv: &str) -> Result<Verdict, DatabendError> {
    let file = format!("shoal-{}.csv", Uuid::new_v4().simple());
    databend.put_file(&file, csv).await?;
    let copied = databend
        .execute(&format!("COPY INTO {table} FROM @~/{file} FILE_FORMAT = (type = csv) PURGE = true FORCE = true"))
        .await;
    match copied {
        Ok(()) => Ok(Verdict::Loaded),
        Err(error) => {
            if let Err(left) = databend.execute(&format!("REMOVE @~/{file}")).await {
                tracing::debug!(%left, "a file of one row stays in the stage");
            }
            match error {
                DatabendError::Refused { code: code::BAD_BYTES, message } if is_of_a_value(&message) => {
                    Ok(Verdict::Refused(message))
                }
                error => Err(error),
            }
        }
    }
}

/// Returns whether a file was refused for what a row says: a table that has other columns now has the same code, and
/// is no fault of the row.
fn is_of_a_value(message: &str) -> bool {
    !message.contains(OTHER_COLUMNS)
}

/// What Databend says of a table that has more or fewer columns than the file.
const OTHER_COLUMNS: &str = "Number of columns in file";
