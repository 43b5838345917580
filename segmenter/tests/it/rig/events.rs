//! Events that tests send.

use schema::{Event, EventId, LogRecord, Timestamp, UserDeletion, UserId};
use uuid::Uuid;

/// Makes events, each with an id of its own.
#[derive(Default)]
pub(crate) struct Shop {
    made: u128,
}

impl Shop {
    pub(crate) fn event(&mut self, user_id: i64, activity_type: &str, created_at: Timestamp) -> Event {
        self.made += 1;
        Event::new(EventId(Uuid::from_u128(self.made)), UserId(user_id), activity_type, created_at)
    }
}

pub(crate) fn deletion(user_id: i64, received_at: Timestamp) -> LogRecord {
    LogRecord::Deletion(UserDeletion { user_id: UserId(user_id), received_at })
}
