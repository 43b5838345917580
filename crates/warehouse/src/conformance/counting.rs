//! Each event counts once.

use schema::{LogRecord, Offset, PartitionId};

use super::installation::Installation;
use super::samples::{WINDOW, batch, event, offsets, user_in};
use crate::{Warehouse, WarehouseError};

const PARTITION: PartitionId = PartitionId(2);

/// Writes events `(user, event_id, received_micros)` and expects the offsets of the rows that are there then.
async fn check(
    installation: &dyn Installation,
    events: &[(usize, u128, i64)],
    expected: &[Offset],
    what: &str,
) -> Result<(), WarehouseError> {
    for batch_size in [1, 2, events.len()] {
        let warehouse = installation.open().await?;
        let kept = kept_of(&*warehouse, events, batch_size).await?;
        assert_eq!(kept, expected, "{what}, written in batches of {batch_size}");
    }
    Ok(())
}

/// Continues where the partition is with user and event ids that were not used before, and log times
/// after those before, so that one installation serves many cases.
async fn kept_of(
    warehouse: &dyn Warehouse,
    events: &[(usize, u128, i64)],
    batch_size: usize,
) -> Result<Vec<Offset>, WarehouseError> {
    let begin = warehouse.positions().await?[usize::from(PARTITION.0)];
    let case = usize::try_from(begin).unwrap_or(usize::MAX);
    let later = i64::try_from(begin).unwrap_or(i64::MAX) * 10 * WINDOW;
    let mut from = begin;
    for chunk in events.chunks(batch_size) {
        let record = |(user, event_id, received): &(usize, u128, i64)| {
            LogRecord::Event(event(user_in(PARTITION, case * 10 + user), *event_id, later + received))
        };
        let written = batch(PARTITION, from, chunk.iter().map(record).collect());
        from = written.next;
        warehouse.write(written).await?;
    }
    let kept = offsets(warehouse, PARTITION).await?;
    Ok(kept.into_iter().filter(|offset| *offset >= begin).map(|offset| offset - begin).collect())
}

/// A record with the user and the event id of one that was counted is left out, and no other.
pub async fn a_repeated_event_counts_once(installation: &dyn Installation) -> Result<(), WarehouseError> {
    check(installation, &[(0, 1, 0), (0, 1, 0), (0, 2, 0)], &[0, 2], "the same event twice").await?;
    check(installation, &[(0, 1, 0), (1, 1, 0), (1, 1, 5)], &[0, 1], "the same id of two users").await?;
    check(installation, &[(0, 1, 5), (0, 1, 3), (0, 1, 9)], &[0], "retries received out of order").await
}

/// An event id is remembered for the window and not a microsecond longer, counted from the record that counted.
pub async fn an_event_id_is_forgotten_after_the_window(installation: &dyn Installation) -> Result<(), WarehouseError> {
    check(installation, &[(0, 1, 0), (0, 1, WINDOW)], &[0], "at the window's far edge").await?;
    check(installation, &[(0, 1, 0), (0, 1, WINDOW + 1)], &[0, 1], "past the window").await?;
    let renewing = [(0, 1, 0), (0, 1, WINDOW), (0, 1, WINDOW + 1), (0, 1, WINDOW + 2)];
    check(installation, &renewing, &[0, 2], "a duplicate does not renew the memory, a counted one does").await
}

/// What counts is the partition's log time: the greatest `received_at` so far, of any user.
pub async fn the_window_is_of_log_time(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let passed_by_another = [(0, 1, 0), (1, 2, WINDOW + 1), (0, 1, 3)];
    check(installation, &passed_by_another, &[0, 1, 2], "another user's record moved log time on").await?;
    let counted_late = [(1, 2, 100), (0, 1, 0), (0, 1, WINDOW + 100), (0, 1, WINDOW + 101)];
    check(installation, &counted_late, &[0, 1, 3], "counted at the log time and not at its own time").await
}

/// What was counted before a restart is remembered after it, and so is log time.
pub async fn a_restart_forgets_nothing(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let ana = user_in(PARTITION, 0);
    let write = async |from, event_id, received| {
        let warehouse = installation.open().await?;
        warehouse.write(batch(PARTITION, from, vec![LogRecord::Event(event(ana, event_id, received))])).await
    };
    write(0, 1, 1_000).await?;
    write(1, 1, 1_000).await?;
    write(2, 2, 0).await?;
    // Event 2 was counted at log time 1,000, although it was received at 0.
    write(3, 2, WINDOW + 1_000).await?;
    write(4, 2, WINDOW + 1_001).await?;
    assert_eq!(offsets(&*installation.open().await?, PARTITION).await?, [0, 2, 4]);
    Ok(())
}
