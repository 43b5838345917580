//! The tables that a clause can see: `events`, filled by loads; `users` and `segment_members`, empty so far.

use databend_driver::LoadMethod;
use schema::Event;

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

const LOAD_EVENTS: &str = "INSERT INTO events FROM @_databend_load FILE_FORMAT = (type = csv)";

impl Databend {
    /// Makes the tables that a clause can see, empty.
    pub async fn create_tables(&self) -> Result<(), DatabendError> {
        for statement in [CREATE_EVENTS, CREATE_USERS, CREATE_SEGMENT_MEMBERS] {
            self.execute(statement).await?;
        }
        Ok(())
    }

    /// Empties the table `events`.
    pub async fn clear_events(&self) -> Result<(), DatabendError> {
        self.execute("TRUNCATE TABLE events").await
    }

    /// Adds events to the table, all of them in one load.
    pub async fn load(&self, events: &[Event]) -> Result<(), DatabendError> {
        if events.is_empty() {
            return Ok(());
        }
        let rows: String = events.iter().map(csv_row).collect();
        let size = rows.len() as u64;
        let reader = Box::new(std::io::Cursor::new(rows.into_bytes()));
        let stats = self.connection.load_data(LOAD_EVENTS, reader, size, LoadMethod::Streaming).await?;
        if stats.write_rows == events.len() {
            return Ok(());
        }
        Err(DatabendError::Unexpected(format!("{} rows loaded of {}", stats.write_rows, events.len())))
    }
}

/// Writes one event in the order of the table's columns.
fn csv_row(event: &Event) -> String {
    let cells = [
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
    ];
    let mut row = cells.map(|cell| cell.as_deref().map(quoted).unwrap_or_default()).join(",");
    row.push('\n');
    row
}

/// Quotes a cell; without quotes and empty it is NULL.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}
