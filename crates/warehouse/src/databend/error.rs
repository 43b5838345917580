//! What can go wrong with Databend, by what the caller can do.

use std::fmt::Display;

use crate::WarehouseError;

/// Databend's codes that mean something here; its own list is `system.error_codes`.
pub(super) mod code {
    /// A load failed. Not Databend's own code but the status of the answer: a load says no more.
    pub(in crate::databend) const FAILED_LOAD: u16 = 400;
    pub(in crate::databend) const UNKNOWN_DATABASE: u16 = 1003;
    /// A value of a loaded file does not fit its column: no other try will load that row.
    pub(in crate::databend) const BAD_BYTES: u16 = 1046;
}

/// Why Databend did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabendError {
    /// The statement is at fault: it will be refused again.
    #[error("databend refused the statement: {code}: {message}")]
    Refused {
        /// Databend's own code: 1005 syntax, 1006 bad arguments, 1046 a value that does not fit, 1065 semantics.
        code: u16,
        /// In its words.
        message: String,
    },
    /// It may work later.
    #[error("databend is unavailable: {0}")]
    Unavailable(String),
    /// It answered something that this program does not expect.
    #[error("databend answered {0}")]
    Unexpected(String),
    /// It cannot be reached the way it is configured.
    #[error("{0}")]
    Misconfigured(String),
}

impl DatabendError {
    /// Says that an answer cannot be read; something in between may have answered in Databend's place.
    pub(super) fn answer(wrong: &dyn Display) -> Self {
        Self::Unavailable(format!("its answer: {wrong}"))
    }

    /// Returns whether a statement was refused with this code.
    pub(super) fn is_refusal(&self, asked: u16) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == asked)
    }
}

impl From<DatabendError> for WarehouseError {
    /// What Databend refuses today it may take tomorrow, after a grant or a migration: whoever waits for
    /// the history keeps waiting, and says why.
    fn from(error: DatabendError) -> Self {
        match error {
            DatabendError::Unexpected(_) | DatabendError::Misconfigured(_) => Self::Damaged(error.to_string()),
            DatabendError::Refused { .. } => Self::Unavailable(error.to_string()),
            DatabendError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}
