//! Users that are erased.

use schema::{LogRecord, PartitionId};

use super::installation::Installation;
use super::samples::{batch, deletion, event, offsets, user_in, user_offsets};
use crate::WarehouseError;

const PARTITION: PartitionId = PartitionId(3);

/// A deletion removes every row of the user, of earlier batches and of its own, and no other user's.
pub async fn a_deletion_removes_the_users_rows(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let view = |user_id, event_id| LogRecord::Event(event(user_id, event_id, 0));
    warehouse.write(batch(PARTITION, 0, vec![view(ana, 1), view(ben, 2), view(ana, 3)])).await?;
    warehouse.write(batch(PARTITION, 3, vec![view(ana, 4), view(ben, 5), deletion(ana, 1), view(ben, 6)])).await?;
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [1, 4, 6]);
    assert!(user_offsets(&*warehouse, ana, 10).await?.is_empty());
    assert_eq!(warehouse.positions().await?, [0, 0, 0, 7]);
    Ok(())
}

/// Events of a deleted user that come later are left out: in the same batch, in later ones, after a restart.
pub async fn later_events_of_a_deleted_user_are_left_out(
    installation: &dyn Installation,
) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let view = |user_id, event_id| LogRecord::Event(event(user_id, event_id, 0));
    warehouse.write(batch(PARTITION, 0, vec![view(ana, 1), deletion(ana, 1), view(ana, 2), view(ben, 3)])).await?;
    warehouse.write(batch(PARTITION, 4, vec![view(ana, 4)])).await?;
    drop(warehouse);
    let warehouse = installation.open().await?;
    warehouse.write(batch(PARTITION, 5, vec![view(ana, 1), view(ben, 5)])).await?;
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [3, 6]);
    Ok(())
}

/// A deletion of someone without rows, or a second one, is no error; its time counts as log time.
pub async fn deleting_nobody_is_no_error(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let view = |received| LogRecord::Event(event(ben, 1, received));
    let window = super::samples::WINDOW;
    warehouse.write(batch(PARTITION, 0, vec![view(0), deletion(ana, 0), deletion(ana, window + 1)])).await?;
    warehouse.write(batch(PARTITION, 3, vec![view(1)])).await?;
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [0, 3]);
    Ok(())
}

/// Whom the history ever named is known, also when it was somebody who is gone, and how many are gone.
pub async fn the_greatest_user_is_known_and_how_many_are_gone(
    installation: &dyn Installation,
) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    assert_eq!((warehouse.greatest_user_id().await?, warehouse.count_erased().await?), (None, 0));
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let view = |user_id, event_id| LogRecord::Event(event(user_id, event_id, 0));
    warehouse.write(batch(PARTITION, 0, vec![view(ana, 1), view(ben, 2)])).await?;
    assert_eq!((warehouse.greatest_user_id().await?, warehouse.count_erased().await?), (Some(ana.max(ben)), 0));
    warehouse.write(batch(PARTITION, 2, vec![deletion(ana, 1), deletion(ben, 1), deletion(ana, 2)])).await?;
    drop(warehouse);
    let warehouse = installation.open().await?;
    assert_eq!((warehouse.greatest_user_id().await?, warehouse.count_erased().await?), (Some(ana.max(ben)), 2));
    Ok(())
}
