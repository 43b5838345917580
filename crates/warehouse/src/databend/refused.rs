//! Rows that could not be loaded: what `refused_rows` knows of them.
//!
//! An event that comes again is a duplicate, as of any other. Its row counts as missing until `event_rows` has one of
//! that place, whoever loaded it, or somebody removed it from `refused_rows`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use schema::{EventId, Offset, PartitionId, Timestamp, UserId};

use super::records::{EventRow, Loadable as _, TraitRow};
use super::{Databend, DatabendError, cells};
use crate::{RefusedKind, RefusedRows};

/// The cells up to the user's id, which are short: as many characters of base64, a multiple of four.
const HEAD_CHARACTERS: usize = 200;
/// Likewise with the activity type.
const KIND_CHARACTERS: usize = 4_000;
/// The most rows that are looked at when they are counted: more than anybody puts right by hand.
const MOST_ROWS: usize = 10_000;
/// How many offsets one question names.
const OFFSETS_AT_ONCE: usize = 1_000;

/// An event that was counted.
pub(super) struct Counted {
    pub(super) offset: Offset,
    pub(super) counted_at: Timestamp,
    pub(super) event_id: EventId,
    pub(super) user_id: UserId,
}

/// Where a refused row belongs.
type Place = (PartitionId, Offset);

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

/// Returns which rows are missing, by kind.
pub(super) async fn rows(databend: &Databend) -> Result<Vec<RefusedRows>, DatabendError> {
    let mut missing = BTreeMap::new();
    for (table, kinds) in kept(databend).await? {
        let loaded = loaded(databend, &table, kinds.keys()).await?;
        missing.extend(kinds.into_iter().filter(|(place, _)| !loaded.contains(place)));
    }
    let mut rows: BTreeMap<RefusedKind, RefusedRows> = BTreeMap::new();
    for (kind, since) in missing.into_values() {
        let nothing = RefusedRows { kind: kind.clone(), rows: 0, since };
        let of_kind = rows.entry(kind).or_insert(nothing);
        of_kind.rows += 1;
        of_kind.since = of_kind.since.min(since);
    }
    Ok(rows.into_values().collect())
}

/// What rows are about, by where they belong.
type Kinds = BTreeMap<Place, (RefusedKind, Option<Timestamp>)>;

/// Reads what is kept of what lies before the positions, by table; each record once, however often it was refused.
async fn kept(databend: &Databend) -> Result<BTreeMap<String, Kinds>, DatabendError> {
    let sql = format!(
        "SELECT r.log_partition, r.log_offset, r.table_name, substr(r.cells, 1, {KIND_CHARACTERS}) FROM refused_rows AS r
         JOIN log_positions AS p ON p.log_partition = r.log_partition AND r.log_offset < p.next_offset LIMIT {MOST_ROWS}"
    );
    let mut kept: BTreeMap<String, Kinds> = BTreeMap::new();
    for row in databend.query(&sql).await?.rows {
        let place = (PartitionId(cells::value(&row, 0)?), cells::number(&row, 1)?);
        let (table, first) = (cells::text(&row, 2)?, first_cells(cells::text(&row, 3)?));
        let about = match table {
            EventRow::TABLE => {
                let activity_type = first.get(5).map(|text| text.as_str().into());
                let since = first.get(2).and_then(|micros| micros.parse().ok()).map(Timestamp::from_micros);
                (RefusedKind::Event(activity_type), since)
            }
            TraitRow::TABLE => (RefusedKind::Traits, None),
            _ => continue,
        };
        kept.entry(table.to_owned()).or_default().insert(place, about);
    }
    Ok(kept)
}

/// Returns which of the places have a row after all.
async fn loaded(
    databend: &Databend,
    table: &str,
    places: impl Iterator<Item = &Place>,
) -> Result<BTreeSet<Place>, DatabendError> {
    let mut by_partition: BTreeMap<PartitionId, Vec<Offset>> = BTreeMap::new();
    for (partition, offset) in places {
        by_partition.entry(*partition).or_default().push(*offset);
    }
    let mut loaded = BTreeSet::new();
    for (partition, offsets) in by_partition {
        for some in offsets.chunks(OFFSETS_AT_ONCE) {
            let sql = format!("SELECT log_offset FROM {table} WHERE {}", at(partition, some));
            for row in databend.query(&sql).await?.rows {
                loaded.insert((partition, cells::number(&row, 0)?));
            }
        }
    }
    Ok(loaded)
}

fn at(partition: PartitionId, offsets: &[Offset]) -> String {
    let offsets = offsets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("log_partition = {partition} AND log_offset IN ({offsets})")
}

/// Returns the deleted users of whom a row is kept.
pub(super) async fn deleted_users(databend: &Databend) -> Result<Vec<UserId>, DatabendError> {
    let users: BTreeSet<UserId> = places(databend).await?.into_keys().map(|(user_id, _)| user_id).collect();
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let users = users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    databend.user_ids(&format!("SELECT user_id FROM deleted_users WHERE user_id IN ({users})")).await
}

/// Removes what is kept of users.
pub(super) async fn erase(databend: &Databend, users: &[UserId]) -> Result<(), DatabendError> {
    if users.is_empty() {
        return Ok(());
    }
    let users: HashSet<UserId> = users.iter().copied().collect();
    for ((_, partition), offsets) in
        places(databend).await?.into_iter().filter(|((user_id, _), _)| users.contains(user_id))
    {
        databend.execute(&format!("DELETE FROM refused_rows WHERE {}", at(partition, &offsets))).await?;
    }
    Ok(())
}

/// Reads where the rows of each user belong.
async fn places(databend: &Databend) -> Result<BTreeMap<(UserId, PartitionId), Vec<Offset>>, DatabendError> {
    let sql =
        format!("SELECT log_partition, log_offset, table_name, substr(cells, 1, {HEAD_CHARACTERS}) FROM refused_rows");
    let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in databend.query(&sql).await?.rows {
        let user_at = if cells::text(&row, 2)? == EventRow::TABLE { 4 } else { 2 };
        let first = first_cells(cells::text(&row, 3)?);
        let Some(user_id) = first.get(user_at).and_then(|cell| cell.parse().ok()) else { continue };
        places.entry((UserId(user_id), PartitionId(cells::value(&row, 0)?))).or_default().push(cells::number(&row, 1)?);
    }
    Ok(places)
}

/// Reads the first cells of a row of `event_rows`.
fn counted(cells: &str) -> Option<Counted> {
    let cells = first_cells(cells);
    let cell = |index: usize| cells.get(index);
    let (offset, counted_at) = (cell(1)?.parse().ok()?, cell(2)?.parse().ok()?);
    let (event_id, user_id) = (EventId(cell(3)?.parse().ok()?), UserId(cell(4)?.parse().ok()?));
    Some(Counted { offset, counted_at: Timestamp::from_micros(counted_at), event_id, user_id })
}

/// Reads the cells of a line up to the first that is NULL or was cut off.
fn first_cells(line: &str) -> Vec<String> {
    let line = BASE64_STANDARD.decode(line).unwrap_or_default();
    // The cut may go through a character of the cells behind.
    let line = String::from_utf8_lossy(&line);
    let (mut rest, mut cells) = (&*line, Vec::new());
    while let Some(opened) = rest.strip_prefix('"') {
        let Some(length) = cell_length(opened) else { break };
        cells.push(opened[..length].replace("\"\"", "\""));
        rest = opened[length + 1..].strip_prefix(',').unwrap_or("");
    }
    cells
}

/// Returns how long a cell is whose first quote was taken; two quotes are one of its text.
fn cell_length(opened: &str) -> Option<usize> {
    let mut quotes = opened.match_indices('"').map(|(at, _)| at);
    let mut at = quotes.next()?;
    while opened[at + 1..].starts_with('"') {
        quotes.next();
        at = quotes.next()?;
    }
    // A quote at the end may have been the first of two.
    (at + 1 < opened.len()).then_some(at)
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

    #[track_caller]
    fn check_cells(line: &str, expected: &[&str]) {
        assert_eq!(first_cells(&BASE64_STANDARD.encode(line)), expected, "{line}");
    }

    #[test]
    fn cells_are_read_as_they_were_written() {
        check_cells("", &[]);
        check_cells(r#""1","a","""#, &["1", "a"]);
        check_cells(r#""1","say ""hi""","","""","b","#, &["1", r#"say "hi""#, "", "\"", "b"]);
        check_cells(r#""1",,"b","#, &["1"]);
        check_cells(r#""1","cut o"#, &["1"]);
        check_cells(r#""1","cut """#, &["1"]);
    }
}
