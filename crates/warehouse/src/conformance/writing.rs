//! Batches and positions.

use std::sync::Arc;

use schema::{Decimal, LogRecord, PartitionId};

use super::installation::{Installation, PARTITIONS};
use super::samples::{batch, event, history, offsets, user_in};
use crate::{Warehouse, WarehouseError, WriteBatch};

const PARTITION: PartitionId = PartitionId(1);

/// A batch moves the position of its partition and of no other, and is there after a restart.
pub async fn a_batch_moves_its_partition(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    assert_eq!(warehouse.positions().await?, vec![0; usize::from(PARTITIONS)]);
    let ana = user_in(PARTITION, 0);
    let records = (0..3).map(|number| LogRecord::Event(event(ana, number, 0))).collect();
    warehouse.write(batch(PARTITION, 0, records)).await?;
    assert_eq!(warehouse.positions().await?, [0, 3, 0, 0]);
    drop(warehouse);
    let warehouse = installation.open().await?;
    assert_eq!(warehouse.positions().await?, [0, 3, 0, 0], "after a restart");
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [0, 1, 2], "after a restart");
    Ok(())
}

/// A batch may leave out offsets, even all of them: what could not be read is passed over.
pub async fn a_batch_may_have_gaps(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let record = LogRecord::Event(event(user_in(PARTITION, 0), 1, 0));
    warehouse.write(WriteBatch { partition: PARTITION, from: 0, next: 9, records: vec![(4, record)] }).await?;
    warehouse.write(WriteBatch { partition: PARTITION, from: 9, next: 11, records: Vec::new() }).await?;
    assert_eq!(warehouse.positions().await?, [0, 11, 0, 0]);
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [4]);
    Ok(())
}

/// A batch that continues from another position than the stored one writes nothing, and says where it is.
pub async fn a_batch_from_elsewhere_is_refused(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let ana = user_in(PARTITION, 0);
    let first = batch(PARTITION, 0, vec![LogRecord::Event(event(ana, 1, 0)), LogRecord::Event(event(ana, 2, 0))]);
    warehouse.write(first.clone()).await?;
    for late in [first, batch(PARTITION, 1, vec![LogRecord::Event(event(ana, 3, 0))])] {
        let from = late.from;
        match warehouse.write(late).await {
            Err(WarehouseError::Moved { partition: PARTITION, expected, actual: 2 }) => assert_eq!(expected, from),
            other => panic!("a batch from {from} got {other:?}"),
        }
    }
    assert_eq!(warehouse.positions().await?, [0, 2, 0, 0]);
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [0, 1]);
    Ok(())
}

/// Of writers that race for the same stretch exactly one wins; writers of different partitions all do.
pub async fn one_of_racing_writers_wins(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    for from in 0..10 {
        let mut races = Vec::new();
        for partition in (0..PARTITIONS).map(PartitionId) {
            for _ in 0..3 {
                let record = LogRecord::Event(event(user_in(partition, 0), u128::from(from), 0));
                races.push((partition, write(warehouse.clone(), batch(partition, from, vec![record]))));
            }
        }
        let mut won = vec![0; usize::from(PARTITIONS)];
        for (partition, race) in races {
            match race.await.map_err(|error| WarehouseError::Unavailable(error.to_string()))? {
                Ok(()) => won[usize::from(partition.0)] += 1,
                Err(WarehouseError::Moved { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        assert_eq!(won, vec![1; usize::from(PARTITIONS)], "winners of the batch from {from}");
    }
    assert_eq!(offsets(&*warehouse, PARTITION).await?, (0..10).collect::<Vec<_>>());
    Ok(())
}

fn write(warehouse: Arc<dyn Warehouse>, batch: WriteBatch) -> tokio::task::JoinHandle<Result<(), WarehouseError>> {
    tokio::spawn(async move { warehouse.write(batch).await })
}

/// An event comes back as it was written: every column, and the payload's text.
pub async fn an_event_comes_back_as_it_was(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let mut full = event(user_in(PARTITION, 0), 1, 5);
    full.country = Some("US".into());
    full.element_id = Some("buy \"now\"".into());
    full.order_id = Some("o-1".into());
    full.order_total = Decimal::new(125_000, 4);
    if let Ok(raw) = serde_json::from_str(r#"{"b": 1.10, "a": [null, "ü"]}"#) {
        full.payload = schema::Payload::new(raw);
    }
    warehouse.write(batch(PARTITION, 0, vec![LogRecord::Event(full.clone())])).await?;
    let rows = history(&*warehouse, PARTITION, 9, 9).await?;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].event, full);
    assert_eq!(rows[0].event.payload.as_str(), r#"{"b": 1.10, "a": [null, "ü"]}"#);
    Ok(())
}
