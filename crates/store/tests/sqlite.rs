//! The conformance suite on SQLite, one file per case, and what is SQLite's own.

use std::sync::Arc;

use schema::{Mark, SegmentId};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use store::conformance::Pair;
use store::sqlite::SqliteStore;
use store::{MembershipStore as _, Store as _, StoreError, WrongSize};
use tempfile::TempDir;

macro_rules! on_sqlite {
    (of_one { $($one:ident),* $(,)? } of_two { $($two:ident),* $(,)? }) => {
        $(
            #[tokio::test]
            async fn $one() {
                let dir = TempDir::new().unwrap();
                store::conformance::$one(&open(&dir).await.unwrap()).await.unwrap();
            }
        )*
        $(
            #[tokio::test]
            async fn $two() {
                let dir = TempDir::new().unwrap();
                let stores: Pair = [Arc::new(open(&dir).await.unwrap()), Arc::new(open(&dir).await.unwrap())];
                store::conformance::$two(&stores).await.unwrap();
            }
        )*
    };
}

store::conformance_cases!(on_sqlite);

async fn open(dir: &TempDir) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(dir.path().join("shoal.sqlite")).await
}

#[tokio::test]
async fn sizes_that_somebody_changed_are_found_and_set_right() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await.unwrap();
    let file = SqliteConnectOptions::new().filename(dir.path().join("shoal.sqlite"));
    let mut connection = SqliteConnection::connect_with(&file).await.unwrap();
    for statement in [
        "INSERT INTO memberships (segment_id, user_id, since) VALUES (1, 1, 0), (1, 2, 0), (2, 1, 0), (3, 1, 0)",
        "INSERT INTO segment_sizes (segment_id, user_count) VALUES (1, 5), (3, 1), (4, 7)",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    let wrong = |segment_id, stored, members| WrongSize { segment_id: SegmentId(segment_id), stored, members };
    let expected = [wrong(1, 5, 2), wrong(2, 0, 1), wrong(4, 7, 0)];
    assert_eq!(store.wrong_sizes().await.unwrap(), expected);
    assert_eq!(store.repair_sizes().await.unwrap(), expected);
    assert_eq!(store.wrong_sizes().await.unwrap(), []);
    assert_eq!(store.segment_sizes(&[1, 2, 3, 4].map(SegmentId)).await.unwrap(), [2, 1, 1, 0]);
}

#[tokio::test]
async fn a_store_whose_starts_were_only_counted_gets_the_marks_of_these_numbers() {
    for (starts, confirmed) in [(1, None), (5, Some(Mark::of_counted_start(4)))] {
        let dir = TempDir::new().unwrap();
        open(&dir).await.unwrap().close().await;
        let file = SqliteConnectOptions::new().filename(dir.path().join("shoal.sqlite"));
        let mut connection = SqliteConnection::connect_with(&file).await.unwrap();
        for statement in store::conformance::AS_BEFORE_MARKS {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        let counted = "INSERT INTO lineage VALUES (1, '00000000-0000-0000-0000-000000000007', $1)";
        sqlx::query(counted).bind(starts).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let lineage = open(&dir).await.unwrap().lineage().await.unwrap().unwrap();
        assert_eq!((lineage.installation.as_u128(), lineage.starts.cast_signed()), (7, starts));
        let pending = Some(Mark::of_counted_start(lineage.starts));
        assert_eq!((lineage.confirmed, lineage.pending), (confirmed, pending));
    }
}
