//! Filling a store with the rows of another: as they were, all or none, and numbers go on.

use schema::{Identity, IdentityKind, LogPosition, PartitionId, UserId};

use crate::transfer::{Cell, NewPlaces, Row, StoreReading, Table};
use crate::{ProjectionBatch, Store, StoreError, UserProfile};

/// Some rows of each table, as another store could have had them, ascending by key.
fn rows(table: Table) -> Vec<Row> {
    let number = Cell::Integer;
    let text = |text: &str| Cell::Text(text.to_owned());
    match table {
        Table::Users => {
            vec![
                vec![number(3), text("Ana"), Cell::Null, number(7)],
                vec![number(5), Cell::Null, Cell::Null, number(8)],
            ]
        }
        Table::Identities => vec![
            vec![text("cookie"), text("Z"), number(3)],
            vec![text("cookie"), text("a"), number(5)],
            vec![text("email"), text("ana@example.com"), number(3)],
        ],
        Table::UserDeletions => vec![
            vec![number(9), number(1), number(2), number(77), number(2)],
            vec![number(10), number(1), Cell::Null, Cell::Null, Cell::Null],
        ],
        Table::Segments => vec![vec![number(4), text("sport"), number(2), number(1), Cell::Null]],
        Table::SegmentVersions => [1, 2]
            .map(|version| {
                let said = ["rule", "sport", "Sport", "", "count(*) >= 1"].map(text);
                let mut row = vec![number(4), number(version)];
                row.extend(said);
                row.extend([Cell::Truth(version == 2), number(version), number(1), text("ana")]);
                row
            })
            .to_vec(),
        Table::Catalog => vec![vec![number(1), number(6)]],
        Table::Audit => {
            let said = [text("ana"), text("created"), text("segment"), number(4), text("{}")];
            vec![[number(11), number(1)].into_iter().chain(said).collect()]
        }
        Table::Activities => {
            vec![vec![number(2), text("page_viewed"), text("Views"), text(""), number(1), number(1)]]
        }
        Table::SegmentActivities => vec![vec![number(4), text("page_viewed"), text("assigned")]],
        Table::Memberships => vec![vec![number(3), number(4), number(1)], vec![number(5), number(4), number(2)]],
        Table::MembershipSeqs => vec![vec![number(3), number(12)], vec![number(5), number(1)]],
        Table::SegmentFlows => vec![vec![number(4), number(0), number(3), number(1)]],
    }
}

async fn fill(store: &dyn Store) -> Result<(), StoreError> {
    let Some(mut filling) = store.begin_filling().await? else { panic!("the store is not empty") };
    for table in Table::ALL {
        filling.put(table, &rows(table)).await?;
    }
    // Ids that were given to rows that are gone.
    for table in Table::ALL.into_iter().filter(|table| table.is_numbered()) {
        filling.set_last_id(table, 40).await?;
    }
    let position = LogPosition { partition: PartitionId(1), offset: 5 };
    let projected = vec![(PartitionId(0), 8), (PartitionId(1), 0)];
    filling.finish(&NewPlaces { projected, deletions: vec![(UserId(9), position)] }).await
}

async fn table(store: &dyn Store, table: Table) -> Result<Vec<Row>, StoreError> {
    read(&mut *store.begin_reading().await?, table).await
}

async fn read(reading: &mut dyn StoreReading, table: Table) -> Result<Vec<Row>, StoreError> {
    let mut found: Vec<Row> = Vec::new();
    loop {
        // One by one: every page continues where the one before ended.
        let page = reading.rows(table, found.last(), 1).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// Rows are as they were; what follows from them is there; no id is given again; nothing is filled twice.
pub async fn a_filled_store_goes_on_where_the_other_stopped(store: &dyn Store) -> Result<(), StoreError> {
    fill(store).await?;
    for of in Table::ALL {
        let mut expected = rows(of);
        if of == Table::UserDeletions {
            expected[0][2..4].clone_from_slice(&[Cell::Integer(1), Cell::Integer(5)]);
        }
        assert_eq!(table(store, of).await?, expected, "{of:?}");
    }
    assert_eq!(store.wrong_sizes().await?, []);
    let positions = store.projection_positions().await?;
    assert_eq!(positions.into_iter().collect::<Vec<_>>(), [(PartitionId(0), 8), (PartitionId(1), 0)]);
    assert!(store.begin_filling().await?.is_none(), "it is not empty");

    let cookie = |value: &str| Identity { kind: IdentityKind::Cookie, value: value.to_owned() };
    let known = store.resolve_identities(&[cookie("Z"), cookie("a"), cookie("?")], false).await?;
    assert_eq!(known, [Some(UserId(3)), Some(UserId(5)), None]);
    assert_eq!(store.create_user(&UserProfile::default()).await?.user_id, UserId(41));
    for numbered in [Table::Segments, Table::Audit, Table::Activities] {
        assert_eq!(store.begin_reading().await?.last_id(numbered).await?, 40, "{numbered:?}");
    }
    Ok(())
}

/// Whoever reads sees all tables of one instant, however long it takes, and nobody waits.
pub async fn what_is_read_is_of_one_instant(store: &dyn Store) -> Result<(), StoreError> {
    fill(store).await?;
    let mut reading = store.begin_reading().await?;
    let erased = UserId(3);
    store.erase_user(erased).await?;
    store.create_user(&UserProfile::default()).await?;
    let moved = ProjectionBatch { partition: PartitionId(0), from: 8, next: 11, changes: Vec::new() };
    store.project(&[moved]).await?;
    for of in [Table::Users, Table::Identities, Table::Memberships] {
        assert_eq!(read(&mut *reading, of).await?, rows(of), "{of:?}");
    }
    assert_eq!(read(&mut *reading, Table::UserDeletions).await?.len(), 2);
    assert_eq!(reading.projected().await?[&PartitionId(0)], 8);
    drop(reading);
    let mut reading = store.begin_reading().await?;
    assert_eq!(read(&mut *reading, Table::UserDeletions).await?.len(), 3);
    assert_eq!(reading.projected().await?[&PartitionId(0)], 11);
    Ok(())
}

/// The deletions that the log must have: the last of each partition.
pub async fn the_last_recorded_erasures_are_told(store: &dyn Store) -> Result<(), StoreError> {
    assert!(store.last_recorded_erasures().await?.is_empty());
    fill(store).await?;
    let mut erased = Vec::new();
    for (partition, offset) in [(1, 9), (1, 7), (0, 3)] {
        let user_id = store.create_user(&UserProfile::default()).await?.user_id;
        store.erase_user(user_id).await?;
        erased.push((user_id, LogPosition { partition: PartitionId(partition), offset }));
    }
    for (user_id, position) in erased {
        store.record_erasure(user_id, position).await?;
    }
    // User 9 was filled in at offset 5, user 10 is not recorded.
    let last = store.last_recorded_erasures().await?;
    assert_eq!(last.into_iter().collect::<Vec<_>>(), [(PartitionId(0), 3), (PartitionId(1), 9)]);
    Ok(())
}

/// What was put and not finished is not there.
pub async fn an_unfinished_filling_leaves_nothing(store: &dyn Store) -> Result<(), StoreError> {
    let Some(mut filling) = store.begin_filling().await? else { panic!("the store is not empty") };
    filling.put(Table::Users, &rows(Table::Users)).await?;
    drop(filling);
    assert_eq!(table(store, Table::Users).await?, [] as [Row; 0]);
    assert_eq!(store.begin_reading().await?.last_id(Table::Users).await?, 0);
    fill(store).await
}
