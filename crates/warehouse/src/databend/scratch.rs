//! A database of the caller's own, gone when it is done with.

use std::ops::Deref;

use uuid::Uuid;

use super::{Databend, DatabendError};

/// A connection in an empty database that nobody else uses.
#[derive(Debug)]
pub struct Scratch {
    databend: Databend,
    database: String,
}

impl Scratch {
    /// Connects, and makes the database.
    pub async fn open(dsn: &str) -> Result<Self, DatabendError> {
        let databend = Databend::connect(dsn).await?;
        let database = format!("shoal_scratch_{}", Uuid::new_v4().simple());
        databend.execute(&format!("CREATE DATABASE {database}")).await?;
        databend.execute(&format!("USE {database}")).await?;
        Ok(Self { databend, database })
    }

    /// Drops the database.
    pub async fn finish(self) -> Result<(), DatabendError> {
        self.databend.execute(&format!("DROP DATABASE {}", self.database)).await
    }
}

impl Deref for Scratch {
    type Target = Databend;

    fn deref(&self) -> &Databend {
        &self.databend
    }
}
