//! What can go wrong with Databend, by what the caller can do.

use databend_client::Error as Client;

/// Why Databend did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabendError {
    /// The statement is at fault: it will be refused again.
    #[error("databend refused the statement: {code}: {message}")]
    Refused {
        /// Databend's own code: 1005 syntax, 1006 bad arguments, 1065 semantics.
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
}

impl From<databend_driver::Error> for DatabendError {
    fn from(error: databend_driver::Error) -> Self {
        let databend_driver::Error::Api(api) = &error else { return Self::Unavailable(error.to_string()) };
        let mut cause = api;
        while let Client::WithContext { inner, .. } = cause {
            cause = inner;
        }
        match cause {
            Client::QueryFailed(refused) | Client::Logic(_, refused) => {
                Self::Refused { code: refused.code, message: refused.message.clone() }
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
