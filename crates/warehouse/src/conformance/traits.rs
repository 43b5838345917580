//! What was said of users.

use schema::{EventId, LogRecord, PartitionId, Payload, UserId, UserTraits};

use super::installation::Installation;
use super::samples::{START, batch, deletion, event, offsets, user_in};
use crate::{PartitionTraits, WarehouseError};

const PARTITION: PartitionId = PartitionId(3);

fn said(user_id: UserId, created_micros: i64, traits: &str) -> LogRecord {
    let traits = serde_json::value::RawValue::from_string(traits.to_owned()).map(Payload::new);
    LogRecord::Traits(UserTraits {
        user_id,
        event_id: EventId(uuid::Uuid::nil()),
        created_at: START.plus_micros(created_micros),
        received_at: START,
        traits: traits.unwrap_or_else(|_| Payload::empty()),
    })
}

/// Of what was said in several batches the last word stands, after a restart too; it is no event.
pub async fn the_last_word_on_a_user_stands(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let warehouse = installation.open().await?;
    let view = LogRecord::Event(event(ana, 1, 0));
    let first = vec![said(ana, 2, r#"{"plan":"pro"}"#), view, said(ana, 1, r#"{"plan":"free","age":7}"#)];
    warehouse.write(batch(PARTITION, 0, first)).await?;
    warehouse.write(batch(PARTITION, 3, vec![said(ana, 3, r#"{"age":8.50}"#)])).await?;
    drop(warehouse);
    let warehouse = installation.open().await?;
    assert_eq!(warehouse.user_traits(ana).await?.to_json(), r#"{"age":8.50,"plan":"pro"}"#);
    assert_eq!(warehouse.user_traits(ben).await?.first(), None);
    assert_eq!(offsets(&*warehouse, PARTITION).await?, [1]);
    Ok(())
}

/// A deletion removes what was said, of earlier batches and of its own, and what is said later counts no more.
pub async fn a_deletion_removes_what_was_said(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let (ana, ben) = (user_in(PARTITION, 0), user_in(PARTITION, 1));
    let warehouse = installation.open().await?;
    let plan = |user_id, at| said(user_id, at, r#"{"plan":"pro"}"#);
    warehouse.write(batch(PARTITION, 0, vec![plan(ana, 1), plan(ben, 1)])).await?;
    warehouse.write(batch(PARTITION, 2, vec![plan(ana, 2), deletion(ana, 1), plan(ana, 3)])).await?;
    warehouse.write(batch(PARTITION, 5, vec![plan(ana, 4)])).await?;
    assert_eq!(warehouse.user_traits(ana).await?.first(), None);
    assert_eq!(warehouse.user_traits(ben).await?.first(), Some(START.plus_micros(1)));
    Ok(())
}

/// All that was said in a partition comes at once, of nobody else, with the position up to which it is.
pub async fn what_was_said_in_a_partition_comes_with_its_position(
    installation: &dyn Installation,
) -> Result<(), WarehouseError> {
    let (ana, ben, cem) = (user_in(PARTITION, 0), user_in(PARTITION, 1), user_in(PARTITION, 2));
    let warehouse = installation.open().await?;
    assert_eq!(warehouse.partition_traits(PARTITION).await?, PartitionTraits::default());
    let pro = |user_id| said(user_id, 1, r#"{"plan":"pro"}"#);
    let view = LogRecord::Event(event(cem, 1, 0));
    warehouse.write(batch(PARTITION, 0, vec![pro(ana), pro(ben), view])).await?;
    warehouse.write(batch(PARTITION, 3, vec![said(ana, 2, r#"{"plan":"free"}"#), deletion(ben, 1)])).await?;
    let elsewhere = PartitionId(PARTITION.0 - 1);
    warehouse.write(batch(elsewhere, 0, vec![pro(user_in(elsewhere, 0))])).await?;
    let PartitionTraits { before, users } = warehouse.partition_traits(PARTITION).await?;
    let users: Vec<_> = users.iter().map(|(user_id, standing)| (*user_id, standing.to_json())).collect();
    assert_eq!((before, users), (5, vec![(ana, r#"{"plan":"free"}"#.to_owned())]));
    Ok(())
}

/// All that was said in a partition comes in pages too: each user once, ascending, none who was deleted.
pub async fn what_was_said_in_a_partition_comes_in_pages(
    installation: &dyn Installation,
) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    let users: Vec<UserId> = (0..9).map(|nth| user_in(PARTITION, nth)).collect();
    let pro = |user_id: &UserId| said(*user_id, 1, r#"{"plan":"pro"}"#);
    warehouse.write(batch(PARTITION, 0, users.iter().rev().map(pro).collect())).await?;
    let again = vec![said(users[2], 2, r#"{"plan":"free"}"#), deletion(users[3], 1), deletion(users[8], 1)];
    warehouse.write(batch(PARTITION, 9, again)).await?;
    let elsewhere = PartitionId(PARTITION.0 - 1);
    warehouse.write(batch(elsewhere, 0, vec![pro(&user_in(elsewhere, 0))])).await?;
    let expected: Vec<_> = [0, 1, 2, 4, 5, 6, 7].map(|nth| users[nth]).into();
    for page in [1, 3, 7, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let read = warehouse.traits_page(PARTITION, after, page).await?;
            assert!(read.len() <= page, "{} users in a page of {page}", read.len());
            let Some((last, _)) = read.last() else { break };
            after = Some(*last);
            found.extend(read);
        }
        let plan = |of: usize| found[of].1.to_json();
        assert_eq!((plan(2), plan(3)), (r#"{"plan":"free"}"#.to_owned(), r#"{"plan":"pro"}"#.to_owned()));
        assert_eq!(found.iter().map(|(user_id, _)| *user_id).collect::<Vec<_>>(), expected, "in pages of {page}");
    }
    Ok(())
}
