//! What is loaded: one kind of row per table.

use schema::{Event, LogPosition, StandingTraits, Timestamp, UserId};

use super::csv;

/// A row of one of the tables.
pub(super) trait Loadable: Send + Sync {
    /// The table.
    const TABLE: &'static str;

    /// Returns which record of the log it comes from.
    fn at(&self) -> LogPosition;

    /// Returns whose it is.
    fn user_id(&self) -> UserId;

    /// Appends its cells, in the order of the table's columns.
    fn write(&self, line: &mut String);

    /// Returns about how many bytes it has.
    fn size(&self) -> usize;
}

/// A row of `event_rows`.
pub(super) struct EventRow {
    pub(super) at: LogPosition,
    pub(super) counted_at: Timestamp,
    pub(super) event: Event,
}

/// A row of `trait_rows`.
pub(super) struct TraitRow {
    pub(super) at: LogPosition,
    pub(super) user_id: UserId,
    pub(super) standing: StandingTraits,
}

/// A row of `deletion_rows`.
pub(super) struct DeletionRow {
    pub(super) at: LogPosition,
    pub(super) user_id: UserId,
}

/// Everything but the texts of a row takes about this much.
const FIXED_BYTES: usize = 300;

impl Loadable for EventRow {
    const TABLE: &'static str = "event_rows";

    fn at(&self) -> LogPosition {
        self.at
    }

    fn user_id(&self) -> UserId {
        self.event.user_id
    }

    fn write(&self, line: &mut String) {
        write_position(line, self.at);
        csv::text(line, self.counted_at.as_micros());
        csv::event(line, &self.event);
        csv::text(line, self.event.payload.as_str());
    }

    fn size(&self) -> usize {
        FIXED_BYTES + 2 * self.event.payload.as_str().len()
    }
}

impl Loadable for TraitRow {
    const TABLE: &'static str = "trait_rows";

    fn at(&self) -> LogPosition {
        self.at
    }

    fn user_id(&self) -> UserId {
        self.user_id
    }

    fn write(&self, line: &mut String) {
        write_position(line, self.at);
        csv::user(line, self.user_id, &self.standing);
        csv::text(line, serde_json::to_string(&self.standing).unwrap_or_default());
    }

    fn size(&self) -> usize {
        FIXED_BYTES + 3 * self.standing.to_json().len()
    }
}

impl Loadable for DeletionRow {
    const TABLE: &'static str = "deletion_rows";

    fn at(&self) -> LogPosition {
        self.at
    }

    fn user_id(&self) -> UserId {
        self.user_id
    }

    fn write(&self, line: &mut String) {
        write_position(line, self.at);
        csv::text(line, self.user_id);
    }

    fn size(&self) -> usize {
        FIXED_BYTES
    }
}

/// Writes rows as the lines of a file.
pub(super) fn lines<R: Loadable>(rows: &[R]) -> String {
    let mut lines = String::with_capacity(rows.iter().map(R::size).sum());
    for row in rows {
        row.write(&mut lines);
        csv::end(&mut lines);
    }
    lines
}

fn write_position(line: &mut String, at: LogPosition) {
    csv::text(line, at.partition);
    csv::text(line, at.offset);
}
