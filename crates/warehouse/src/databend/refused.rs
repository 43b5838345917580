//! Events that were counted and could not be loaded: what `refused_rows` knows of them.
//!
//! One that comes again is a duplicate, as of any other.

use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use schema::{EventId, Offset, PartitionId, Timestamp, UserId};

use super::records::{EventRow, Loadable as _};
use super::{Databend, DatabendError, cells};

/// The cells up to the user's id, which are short: as many characters of base64, a multiple of four.
const HEAD_CHARACTERS: usize = 200;

/// An event that was counted.
pub(super) struct Counted {
    pub(super) offset: Offset,
    pub(super) counted_at: Timestamp,
    pub(super) event_id: EventId,
    pub(super) user_id: UserId,
}

/// Reads which events of a stretch of the log were refused.
pub(super) async fn events(
    databend: &Databend,
    partition: PartitionId,
    offsets: Range<Offset>,
) -> Result<Vec<Counted>, DatabendError> {
    let sql = format!(
        "SELECT substr(cells, 1, {HEAD_CHARACTERS}) FROM refused_rows WHERE table_name = '{}'
         AND log_partition = {partition} AND log_offset >= {} AND log_offset < {}",
        EventRow::TABLE,
        offsets.start,
        offsets.end
    );
    let found = databend.read_each(&sql, |row| Ok(counted(cells::text(row, 0)?))).await?;
    // One that somebody has changed by hand says nothing.
    Ok(found.into_iter().flatten().collect())
}

/// Reads the first cells of a row of `event_rows`.
fn counted(cells: &str) -> Option<Counted> {
    let line = BASE64_STANDARD.decode(cells).ok()?;
    // The cut may go through a character of the cells behind.
    let line = String::from_utf8_lossy(&line);
    let mut cells = line.trim_start_matches('"').split("\",\"").skip(1);
    let mut next = || cells.next();
    let (offset, counted_at) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let (event_id, user_id) = (EventId(next()?.parse().ok()?), UserId(next()?.parse().ok()?));
    Some(Counted { offset, counted_at: Timestamp::from_micros(counted_at), event_id, user_id })
}

#[cfg(test)]
mod tests {
    use schema::{Event, LogPosition};

    use super::*;

    #[test]
    fn the_head_of_a_refused_row_says_what_was_counted_and_when() {
        let (at, counted_at) = (LogPosition { partition: PartitionId(7), offset: 1 << 60 }, Timestamp::from_micros(3));
        let (event_id, user_id) = (EventId(uuid::Uuid::from_u128(u128::MAX)), UserId(i64::MIN));
        let event = Event::new(event_id, user_id, "späti_betreten".repeat(20), Timestamp::from_micros(9));
        let mut line = String::new();
        EventRow { at, counted_at, event }.write(&mut line);
        let cells: String = BASE64_STANDARD.encode(line).chars().take(HEAD_CHARACTERS).collect();
        let read = counted(&cells).unwrap();
        assert_eq!((read.offset, read.counted_at), (at.offset, counted_at));
        assert_eq!((read.event_id, read.user_id), (event_id, user_id));
        assert!(counted("tampered").is_none());
    }
}
