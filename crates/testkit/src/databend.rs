//! The third evaluator: a real Databend over the same rows.
//!
//! [`Databend::start`] talks to the server that `DATABEND_DSN` names, else it starts the one in
//! [`crate::servers`] for as long as it lives. Either way it works in a database of its own, which is
//! dropped at the end. What a clause means is `rules`, how it is written for Databend
//! `rules::render`, statements and loads `warehouse::databend`; here is only the way there.

use std::ops::Deref;

use anyhow::Context;
use warehouse::databend::{DatabendError, Scratch};

use crate::servers::{DatabendServer, NotAvailable, or_not_run};

/// Names the server to use instead of one of its own.
const DSN_VARIABLE: &str = "DATABEND_DSN";

/// A connection to a database of its own.
#[derive(Debug)]
pub struct Databend {
    scratch: Scratch,
    /// Ended after the connection.
    server: Option<DatabendServer>,
}

/// What Databend refused, with its own code and words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    /// 1005 syntax, 1006 bad arguments, 1065 semantics.
    pub code: u16,
    /// In its words.
    pub message: String,
}

impl Refused {
    /// Returns what it complains of, without the values and names that it complains about.
    pub fn in_short(&self) -> String {
        let words = self.message.lines().next().unwrap_or_default();
        let plain = words.split([':', '(', '"', '\'', '`', ',']).map(str::trim).filter(|part| !part.is_empty());
        format!("{} {}", self.code, plain.take(2).collect::<Vec<_>>().join(": "))
    }
}

impl Databend {
    /// Connects to `DATABEND_DSN` or to a server of its own, and makes an empty database.
    ///
    /// The error is a [`NotAvailable`] where this machine cannot run one.
    pub async fn start() -> anyhow::Result<Self> {
        let named = std::env::var(DSN_VARIABLE).ok().filter(|dsn| !dsn.is_empty());
        let (server, dsn) = match named {
            Some(dsn) => (None, dsn),
            None => {
                let server = DatabendServer::start()?;
                let dsn = server.dsn();
                (Some(server), dsn)
            }
        };
        let scratch = Scratch::open(&dsn).await.context("making a database on Databend")?;
        Ok(Self { scratch, server })
    }

    /// Starts, or returns `None` after having noted that the calling test was not run.
    ///
    /// # Panics
    ///
    /// When it cannot be had and `SHOAL_REQUIRE_SERVERS=1`, or `DATABEND_DSN` names one that does not answer.
    pub async fn or_not_run() -> Option<Self> {
        match available(Self::start().await) {
            Ok(server) => or_not_run(server),
            Err(error) => panic!("{error:#}"),
        }
    }

    /// Drops the database; a server of its own needs no such courtesy.
    pub async fn finish(self) -> anyhow::Result<()> {
        if self.server.is_none() {
            self.scratch.finish().await?;
        }
        Ok(())
    }
}

impl Deref for Databend {
    type Target = warehouse::databend::Databend;

    fn deref(&self) -> &Self::Target {
        &self.scratch
    }
}

/// Parts that this machine cannot run a Databend from what went wrong with the one there is.
pub fn available(started: anyhow::Result<Databend>) -> anyhow::Result<Result<Databend, NotAvailable>> {
    match started {
        Ok(databend) => Ok(Ok(databend)),
        Err(error) => error.downcast::<NotAvailable>().map(Err),
    }
}

/// Parts what Databend refused, which is an answer, from what went wrong on the way there.
pub fn answered<T>(answer: Result<T, DatabendError>) -> Result<Result<T, Refused>, DatabendError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(DatabendError::Refused { code, message }) => Ok(Err(Refused { code, message })),
        Err(error) => Err(error),
    }
}
