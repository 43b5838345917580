//! The tables that a clause can see, and the loads that fill them: one row per event in `events`, per user
//! of whom anything was said in `users`, per membership in `segment_members`.

use schema::{Event, SegmentTag, StandingTraits, UserId};

use super::{Databend, DatabendError, csv};

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
    pub async fn load_events(&self, events: &[Event]) -> Result<(), DatabendError> {
        self.load_rows("events", events, |line, event| {
            csv::event(line, event);
            true
        })
        .await
    }

    /// Adds users with what stands of what was said of them; nothing of whom nothing was.
    pub async fn load_users(&self, users: &[(UserId, StandingTraits)]) -> Result<(), DatabendError> {
        self.load_rows("users", users, |line, (user_id, standing)| {
            let was_said = standing.first().is_some();
            if was_said {
                csv::user(line, *user_id, standing);
            }
            was_said
        })
        .await
    }

    /// Puts these memberships in the place of all others.
    pub async fn replace_members(&self, members: &[(SegmentTag, UserId)]) -> Result<(), DatabendError> {
        self.execute("TRUNCATE TABLE segment_members").await?;
        self.load_rows("segment_members", members, |line, (tag, user_id)| {
            csv::text(line, tag);
            csv::text(line, user_id);
            true
        })
        .await
    }

    /// `write` returns whether there is a row.
    async fn load_rows<T>(
        &self,
        table: &str,
        rows: &[T],
        write: impl Fn(&mut String, &T) -> bool,
    ) -> Result<(), DatabendError> {
        let (mut lines, mut count) = (String::new(), 0);
        for row in rows {
            if write(&mut lines, row) {
                csv::end(&mut lines);
                count += 1;
            }
        }
        if count == 0 {
            return Ok(());
        }
        match self.load(table, &lines).await? {
            loaded if loaded == count => Ok(()),
            loaded => Err(DatabendError::Unexpected(format!("{loaded} rows loaded into {table} of {count}"))),
        }
    }
}
