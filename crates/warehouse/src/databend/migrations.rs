//! The tables, brought to this version by whichever process comes first.
//!
//! Databend has no lock that several processes could take for it, so every statement of `schema/databend` may
//! be run by two of them at once, and again: it makes what is not there. What ran is written down
//! after it; an interrupted migration runs once more.

use std::time::Duration;

use schema::Offset;

use super::error::code;
use super::{Databend, DatabendError, cells};
use crate::WarehouseError;

/// Ascending; a released one is never changed.
const MIGRATIONS: &[(u64, &str)] =
    &[(20_261_121_000_001, include_str!("../../../../schema/databend/20261121000001_history.sql"))];

const CREATE_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS migrations (
    version BIGINT NOT NULL, partitions INT NOT NULL, applied_at TIMESTAMP NOT NULL)";

/// How often a statement is tried that is refused, and how long apart.
const ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Brings the tables to this version, and refuses those of a later one or of another number of partitions.
pub(super) async fn migrate(databend: &Databend, partitions: u16) -> Result<(), WarehouseError> {
    make_database(databend).await?;
    make(databend, CREATE_MIGRATIONS).await?;
    let applied = applied(databend).await?;
    let latest = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    if let Some(later) = applied.iter().find(|version| **version > latest) {
        return Err(WarehouseError::Damaged(format!("it was migrated to {later}; this version knows {latest}")));
    }
    for (version, text) in MIGRATIONS.iter().filter(|(version, _)| !applied.contains(version)) {
        for statement in statements(text, partitions) {
            make(databend, &statement).await?;
        }
        let note = format!("INSERT INTO migrations VALUES ({version}, {partitions}, now())");
        databend.execute(&note).await?;
        tracing::info!(migration = version, place = databend.options().place(), "the warehouse was migrated");
    }
    check_partitions(databend, partitions).await
}

/// Reads, per partition, the first offset that is not written yet.
pub(super) async fn positions(databend: &Databend) -> Result<Vec<Offset>, DatabendError> {
    let asked = databend.query("SELECT next_offset FROM log_positions ORDER BY log_partition").await?;
    asked.rows.iter().map(|row| cells::number(row, 0)).collect()
}

/// Runs a statement that another process may be running too: of the two, one may be refused for it, and then
/// finds everything there.
async fn make(databend: &Databend, statement: &str) -> Result<(), DatabendError> {
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        match databend.execute(statement).await {
            Err(DatabendError::Refused { .. }) if attempts > 0 => tokio::time::sleep(PAUSE).await,
            made => return made,
        }
    }
}

/// A user that may not make databases gets one made by somebody who may.
async fn make_database(databend: &Databend) -> Result<(), DatabendError> {
    match databend.execute("SELECT 1").await {
        Err(error) if error.is_refusal(code::UNKNOWN_DATABASE) => {
            let statement = format!("CREATE DATABASE IF NOT EXISTS `{}`", databend.options().database);
            databend.in_database("default").execute(&statement).await
        }
        answered => answered,
    }
}

async fn applied(databend: &Databend) -> Result<Vec<u64>, DatabendError> {
    let asked = databend.query("SELECT DISTINCT version FROM migrations").await?;
    asked.rows.iter().map(|row| cells::number(row, 0)).collect()
}

async fn check_partitions(databend: &Databend, partitions: u16) -> Result<(), WarehouseError> {
    match positions(databend).await?.len() {
        installed if installed == usize::from(partitions) => Ok(()),
        // Another process is about to fill it.
        0 => Err(WarehouseError::Unavailable("its tables are being made".to_owned())),
        installed => Err(WarehouseError::Damaged(format!(
            "it was made with {installed} partitions and is opened with {partitions}; the number is fixed"
        ))),
    }
}

fn statements(text: &str, partitions: u16) -> Vec<String> {
    let code = text.lines().map(|line| line.split("--").next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join("\n").replace("{partitions}", &partitions.to_string());
    code.split(';').map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_statements_without_comments() {
        let text = "-- What; it is.\nCREATE TABLE a (\n  -- b\n  b INT); -- c\nSELECT {partitions};\n";
        let found = statements(text, 6);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("CREATE TABLE a (") && found[0].ends_with("b INT)"), "{found:?}");
        assert_eq!(found[1], "SELECT 6");
    }

    #[test]
    fn migrations_ascend() {
        assert!(MIGRATIONS.is_sorted_by(|(left, _), (right, _)| left < right));
    }
}
