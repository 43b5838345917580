//! A database of the caller's own, gone when it is done with.

use std::ops::Deref;

use uuid::Uuid;

use super::{Databend, DatabendError, DatabendOptions};

/// A client in an empty database that nobody else uses.
#[derive(Debug)]
pub struct Scratch {
    databend: Databend,
    outside: Databend,
}

impl Scratch {
    /// Makes the database on the server that a DSN names.
    pub async fn open(dsn: &str) -> Result<Self, DatabendError> {
        let outside = Databend::new(DatabendOptions::parse(dsn)?)?;
        let database = format!("shoal_scratch_{}", Uuid::new_v4().simple());
        outside.execute(&format!("CREATE DATABASE {database}")).await?;
        Ok(Self { databend: outside.in_database(&database), outside })
    }

    /// Drops the database.
    pub async fn finish(self) -> Result<(), DatabendError> {
        self.outside.execute(&format!("DROP DATABASE {}", self.databend.options().database)).await
    }
}

impl Deref for Scratch {
    type Target = Databend;

    fn deref(&self) -> &Databend {
        &self.databend
    }
}
