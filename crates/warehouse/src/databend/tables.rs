//! The tables that a clause can see, and the loads that fill them: one row per event in `events`, per user
//! of whom anything was said in `users`, per membership in `segment_members`.

use databend_driver::LoadMethod;
use schema::{Event, SegmentTag, StandingTraits, UserId};

use super::{Databend, DatabendError};

/// The columns that a clause can name.
const CREATE_EVENTS: &str = "CREATE TABLE events (
    event_id VARCHAR NOT NULL, user_id BIGINT NOT NULL, activity_type VARCHAR NOT NULL,
    region VARCHAR NULL, country VARCHAR NULL, device_type VARCHAR NULL,
    url VARCHAR NULL, element_id VARCHAR NULL, order_id VARCHAR NULL, order_total DECIMAL(18, 4) NULL,
    created_at TIMESTAMP NOT NULL, received_at TIMESTAMP NOT NULL, payload VARIANT NULL)";

const CREATE_USERS: &str =
    "CREATE TABLE users (user_id BIGINT NOT NULL, created_at TIMESTAMP NULL, traits VARIANT NULL)";
const CREATE_SEGMENT_MEMBERS: &str = "CREATE TABLE segment_members (segment VARCHAR NOT NULL, user_id BIGINT NOT NULL)";

const TABLES: [&str; 3] = ["events", "users", "segment_members"];

impl Databend {
    /// Makes the tables that a clause can see, empty.
    pub async fn create_tables(&self) -> Result<(), DatabendError> {
        for statement in [CREATE_EVENTS, CREATE_USERS, CREATE_SEGMENT_MEMBERS] {
            self.execute(statement).await?;
        }
        Ok(())
    }

    /// Empties all of them.
    pub async fn clear_tables(&self) -> Result<(), DatabendError> {
        for table in TABLES {
            self.execute(&format!("TRUNCATE TABLE {table}")).await?;
        }
        Ok(())
    }

    /// Adds events, all of them in one load.
    pub async fn load(&self, events: &[Event]) -> Result<(), DatabendError> {
        self.load_rows("events", events.iter().map(csv_row)).await
    }

    /// Adds users with what stands of what was said of them; nothing of whom nothing was.
    pub async fn load_users(&self, users: &[(UserId, StandingTraits)]) -> Result<(), DatabendError> {
        let row = |(user_id, standing): &(UserId, StandingTraits)| {
            let first = standing.first()?;
            Some(joined([Some(user_id.to_string()), Some(first.to_string()), Some(standing.to_json())]))
        };
        self.load_rows("users", users.iter().filter_map(row)).await
    }

    /// Puts these memberships in the place of all others.
    pub async fn replace_members(&self, members: &[(SegmentTag, UserId)]) -> Result<(), DatabendError> {
        self.execute("TRUNCATE TABLE segment_members").await?;
        let row = |(tag, user_id): &(SegmentTag, UserId)| joined([Some(tag.to_string()), Some(user_id.to_string())]);
        self.load_rows("segment_members", members.iter().map(row)).await
    }

    async fn load_rows(&self, table: &str, rows: impl Iterator<Item = String>) -> Result<(), DatabendError> {
        let rows: Vec<String> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        let text = rows.concat();
        let size = text.len() as u64;
        let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
        let load = format!("INSERT INTO {table} FROM @_databend_load FILE_FORMAT = (type = csv)");
        let stats = self.connection.load_data(&load, reader, size, LoadMethod::Streaming).await?;
        if stats.write_rows == rows.len() {
            return Ok(());
        }
        Err(DatabendError::Unexpected(format!("{} rows loaded into {table} of {}", stats.write_rows, rows.len())))
    }
}

/// Writes one event in the order of the table's columns.
fn csv_row(event: &Event) -> String {
    joined([
        Some(event.event_id.to_string()),
        Some(event.user_id.to_string()),
        Some(event.activity_type.clone()),
        event.region.clone(),
        event.country.clone(),
        event.device_type.clone(),
        event.url.clone(),
        event.element_id.clone(),
        event.order_id.clone(),
        event.order_total.map(|total| total.to_string()),
        Some(event.created_at.to_string()),
        Some(event.received_at.to_string()),
        Some(event.payload.as_str().to_owned()),
    ])
}

/// Writes a row; a cell that is not there is NULL.
fn joined<const N: usize>(cells: [Option<String>; N]) -> String {
    let mut row = cells.map(|cell| cell.as_deref().map(quoted).unwrap_or_default()).join(",");
    row.push('\n');
    row
}

/// Quotes a cell; without quotes and empty it is NULL.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}
