//! What the log and the history have seen of the store: whom they name, and who was erased.

use std::time::Duration;

use bus::{BusError, EventLog, StoredRecord};
use schema::{LogRecord, Offset, PartitionId, Topic, UserId};
use tokio::time::timeout;

use crate::Warehouse;

/// How long the history is waited for: one that hangs must not keep services from starting.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Records that are read at once.
const READ_AT_ONCE: usize = 4_096;
/// How many records at the end of a partition are looked at however far the history is: all there is to go by where it
/// is away, or where the log itself is the history.
const LEAST_LOOKED_BACK: u64 = 2_000;
/// And how many at most: a history that was away for long must not keep services from starting.
const MOST_LOOKED_BACK: u64 = 200_000;

/// Returns the greatest user id that the history or the end of the log behind it names.
///
/// A history that is away, and one that does not know it, is left out.
pub async fn greatest_user_id(log: &dyn EventLog, history: &dyn Warehouse) -> Result<Option<UserId>, BusError> {
    let asking = async { (history.positions().await, history.greatest_user_id().await) };
    let (written, mut greatest) = match timeout(ANSWERS_WITHIN, asking).await {
        Ok((written, Ok(greatest))) => (written.unwrap_or_default(), greatest),
        Ok((written, Err(error))) => {
            tracing::warn!(%error, "the history cannot be asked whom it names; the end of the log must do");
            (written.unwrap_or_default(), None)
        }
        Err(_) => {
            tracing::warn!("the history does not say whom it names; the end of the log must do");
            (Vec::new(), None)
        }
    };
    for partition in (0..log.partitions()).map(PartitionId) {
        let written = written.get(usize::from(partition.0)).copied().unwrap_or(Offset::MAX);
        greatest = greatest.max(greatest_behind(log, partition, written).await?);
    }
    Ok(greatest)
}

async fn greatest_behind(
    log: &dyn EventLog,
    partition: PartitionId,
    written: Offset,
) -> Result<Option<UserId>, BusError> {
    let range = log.range(Topic::Events, partition).await?;
    let most = range.end.saturating_sub(MOST_LOOKED_BACK);
    let mut from = written.clamp(most, range.end.saturating_sub(LEAST_LOOKED_BACK)).max(range.start);
    let mut greatest = None;
    while from < range.end {
        let records = match log.read(Topic::Events, partition, from, READ_AT_ONCE).await {
            Err(BusError::Trimmed { begin, .. }) if begin > from => {
                from = begin;
                continue;
            }
            records => records?,
        };
        let Some(last) = records.last() else { break };
        from = last.offset + 1;
        greatest = greatest.max(records.iter().filter_map(named).max());
    }
    Ok(greatest)
}

/// Returns whose record it is; of a message that is none of ours, nobody's: its key says nothing.
fn named(stored: &StoredRecord) -> Option<UserId> {
    let user_id = LogRecord::decode(&stored.value).ok()?.user_id();
    (user_id == stored.user_id).then_some(user_id)
}

/// Returns how many users the history knows to be erased; 0 where it is away.
pub async fn count_erased(history: &dyn Warehouse) -> u64 {
    match timeout(ANSWERS_WITHIN, history.count_erased()).await {
        Ok(Ok(counted)) => counted,
        Ok(Err(_)) | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_none_of_ours_names_nobody() {
        let stored = |value: &'static str| StoredRecord { offset: 0, user_id: UserId(999_999), value: value.into() };
        assert_eq!(named(&stored("not one of ours")), None);
        let deletion = |user_id: i64| {
            let json = format!(r#"{{"kind":"deletion","user_id":{user_id},"received_at":"2026-01-01T00:00:00Z"}}"#);
            StoredRecord { value: json.into(), ..stored("") }
        };
        assert_eq!(named(&deletion(7)), None, "another user than its key");
        assert_eq!(named(&deletion(999_999)), Some(UserId(999_999)));
    }
}
