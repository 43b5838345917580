//! Whether anything was lost between a place where somebody reads and where the log begins now.
//!
//! Behind the last change of a commit lie its marker and what undone commits left: offsets that nobody reads.
//! When retention takes them together with the change, whoever has read that change is before the beginning of
//! the log and has missed nothing. The log must say so, or a quiet partition would look damaged. It knows from
//! the first change that is left, which carries where the one before it ended; and when none is left, from the
//! last commit of the partition, or from what its owner said since. When it does not know, it tells that
//! something may be missing.

use rdkafka::message::{BorrowedMessage, Headers, Message};
use schema::{Offset, PartitionStatus, Topic};

use super::fetching::FOLLOWS_HEADER;
use super::kafka_log::Handle;
use super::reader::trimmed;
use super::topics::{self, Lane};
use super::work::{Position, StateKey, decode_position};
use crate::BusError;

/// How many offsets are looked at first; four times as many then, and so on.
const FIRST_LOOK: Offset = 8;

/// Refuses to go on at `begin` unless whoever asks for `from` on has missed nothing before it.
pub(super) async fn check_seen(handle: &Handle, lane: &Lane, from: Offset, begin: Offset) -> Result<(), BusError> {
    if from >= begin {
        return Ok(());
    }
    let end = if *lane.topic == *handle.names.name(Topic::SegmentChanges.as_str()) {
        match first_change(handle, lane, begin).await? {
            Some(follows) => follows,
            None => end_of_trimmed(handle, lane).await?,
        }
    } else {
        None
    };
    // What is known of a beginning that moved on meanwhile is asked for anew.
    if end.is_some_and(|end| end <= from) { Ok(()) } else { Err(trimmed(lane, from, begin)) }
}

/// Returns where the changes end, as the partition's new owner says it: behind the last one, also when that was trimmed.
pub(super) async fn end(handle: &Handle, lane: &Lane, position: Option<&Position>) -> Result<Offset, BusError> {
    let begin = handle.reader.ends().begin(lane).await?;
    let end = handle.reader.end(lane).await?;
    if end > begin || begin == 0 {
        return Ok(end);
    }
    let Some(position) = position else { return Ok(end.max(begin)) };
    let known = known_end(position, status(handle, lane).await?.as_ref());
    Ok(known.filter(|known| *known <= begin).unwrap_or(begin))
}

/// Returns what the first change from `begin` on says of the one before it; `None` when there is no change.
async fn first_change(handle: &Handle, lane: &Lane, begin: Offset) -> Result<Option<Option<Offset>>, BusError> {
    let end = handle.reader.ends().end(lane).await?;
    let (mut from, mut width) = (begin, FIRST_LOOK);
    let mut first = None;
    while from < end && first.is_none() {
        let until = end.min(from.saturating_add(width));
        let mut note = |message: &BorrowedMessage<'_>| {
            first.get_or_insert_with(|| follows(message));
            Ok(())
        };
        handle.reader.scanner().scan(lane, from..until, &mut note).await?;
        (from, width) = (until, width * 4);
    }
    Ok(first)
}

fn follows(message: &BorrowedMessage<'_>) -> Option<Offset> {
    let mut headers = message.headers()?.iter();
    let value = headers.find(|header| header.key == FOLLOWS_HEADER)?.value?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Returns where the changes ended that were trimmed, when there are none any more.
async fn end_of_trimmed(handle: &Handle, changes: &Lane) -> Result<Option<Offset>, BusError> {
    let state = handle.names.lane_of(topics::STATE, changes.partition);
    let position = match last_position(handle, &state).await? {
        Some(position) => position,
        None => return Ok(None),
    };
    Ok(known_end(&position, status(handle, changes).await?.as_ref()))
}

/// Returns the last position that was committed: it is the last record of its commit.
async fn last_position(handle: &Handle, state: &Lane) -> Result<Option<Position>, BusError> {
    let end = handle.reader.end(state).await?;
    let mut found = None;
    let mut note = |message: &BorrowedMessage<'_>| {
        if let (StateKey::Position, Some(value)) = (StateKey::parse(message.key())?, message.payload()) {
            found = Some(decode_position(value)?);
        }
        Ok(())
    };
    handle.reader.scanner().scan(state, end.saturating_sub(1)..end, &mut note).await?;
    Ok(found)
}

async fn status(handle: &Handle, lane: &Lane) -> Result<Option<PartitionStatus>, BusError> {
    let statuses = handle.statuses.latest(&handle.reader).await?;
    Ok(statuses.into_iter().find(|status| status.partition == lane.partition))
}

/// Returns where the changes of the last commit end. A commit cannot hold where its own changes lie: what its owner
/// said of the end counts if it is behind the changes before, for then it was said after this commit.
fn known_end(position: &Position, status: Option<&PartitionStatus>) -> Option<Offset> {
    let before = position.changes_before?;
    if !position.publishes {
        return Some(before);
    }
    status.map(|status| status.changes_end).filter(|end| *end > before)
}

#[cfg(test)]
mod tests {
    use schema::{Generation, PartitionId, Timestamp};

    use super::*;

    #[track_caller]
    fn check(before: Option<Offset>, publishes: bool, said: Option<Offset>, expected: Option<Offset>) {
        let json = serde_json::json!({ "format": 1, "commit": "c", "next_offset": 0,
            "now": "2026-01-01T00:00:00Z", "log_time": "2026-01-01T00:00:00Z",
            "changes_before": before, "publishes": publishes });
        let position: Position = serde_json::from_value(json).unwrap();
        let status = said.map(|changes_end| PartitionStatus {
            partition: PartitionId(0),
            as_of: Timestamp::default(),
            next_offset: 0,
            changes_end,
            generation: Generation(0),
            absorbing: None,
            backfill: None,
            failure: None,
            users: 0,
        });
        assert_eq!(known_end(&position, status.as_ref()), expected);
    }

    #[test]
    fn a_commit_without_changes_says_where_they_end() {
        check(Some(7), false, None, Some(7));
        check(Some(7), false, Some(5), Some(7));
    }

    #[test]
    fn where_the_changes_of_the_last_commit_end_only_its_owner_says() {
        check(Some(7), true, Some(9), Some(9));
        check(Some(7), true, Some(7), None);
        check(Some(7), true, Some(3), None);
        check(Some(7), true, None, None);
    }

    #[test]
    fn what_no_owner_knew_nobody_knows() {
        check(None, false, Some(9), None);
        check(None, true, Some(9), None);
    }
}
