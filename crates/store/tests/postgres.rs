//! The conformance suite on Postgres, one database per case, and what is Postgres's own.

#![cfg(feature = "postgres")]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use schema::{Cause, Identity, IdentityKind, Mark, PartitionId, SegmentChange, SegmentId, Timestamp, UserId};
use sqlx::{Connection as _, PgConnection};
use store::conformance::Pair;
use store::postgres::{PostgresOptions, PostgresStore};
use store::{
    IdentityRemoval, MembershipStore as _, ProjectionBatch, Store as _, StoreError, UserProfile, UserStore as _,
    WrongSize,
};
use testkit::servers::{Postgres, PostgresSettings, or_not_run};
use tokio::net::{TcpListener, TcpStream};

/// How long what another process learns by a notice may take on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(30);

macro_rules! on_postgres {
    (of_one { $($one:ident),* $(,)? } of_two { $($two:ident),* $(,)? }) => {
        $(
            #[tokio::test]
            async fn $one() {
                let Some(server) = or_not_run(Postgres::shared()) else { return };
                store::conformance::$one(&open(&server.database()).await.unwrap()).await.unwrap();
            }
        )*
        $(
            #[tokio::test]
            async fn $two() {
                let Some(server) = or_not_run(Postgres::shared()) else { return };
                let url = server.database();
                let stores: Pair = [Arc::new(open(&url).await.unwrap()), Arc::new(open(&url).await.unwrap())];
                store::conformance::$two(&stores).await.unwrap();
            }
        )*
    };
}

store::conformance_cases!(on_postgres);

/// Patient, because these cases are not about time: on a machine whose disk is busy, the first statements after the
/// server's start took longer than a request may.
async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&PostgresOptions { statement_timeout: DEADLINE, ..PostgresOptions::new(url) }).await
}

fn cookie(value: &str) -> Identity {
    Identity { kind: IdentityKind::Cookie, value: value.to_owned() }
}

/// Asks again and again until the answer is there.
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + DEADLINE;
    while Instant::now() < deadline {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not happen within {DEADLINE:?}");
}

#[tokio::test]
async fn processes_that_start_at_once_migrate_once() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let options = PostgresOptions::new(server.database());
    let opening = (0..6).map(|_| {
        tokio::spawn({
            let options = options.clone();
            async move { PostgresStore::open(&options).await }
        })
    });
    for opened in Vec::from_iter(opening) {
        opened.await.unwrap().unwrap();
    }
    // And those of the version before do not mind what a later one added.
    let mut connection = PgConnection::connect(&options.url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99990101000000, 'of the next version', true, '', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    open(&options.url).await.unwrap();
}

#[tokio::test]
async fn a_lost_identity_is_heard_of_by_every_process() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let (one, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    let (mut heard_by_one, mut heard_by_other) = (one.identities_removed(), other.identities_removed());
    let user = one.create_user(&UserProfile::default()).await.unwrap().user_id;
    let second = one.create_user(&UserProfile::default()).await.unwrap().user_id;
    one.erase_user(user).await.unwrap();
    other.erase_user(second).await.unwrap();
    for removals in [&mut heard_by_one, &mut heard_by_other] {
        let mut heard = Vec::new();
        for _ in 0..2 {
            heard.push(tokio::time::timeout(DEADLINE, removals.recv()).await.unwrap().unwrap());
        }
        heard.sort_unstable_by_key(|removal| format!("{removal:?}"));
        assert_eq!(heard, [user, second].map(IdentityRemoval::OfUser));
        assert!(removals.try_recv().is_err(), "each is told once");
    }
}

#[tokio::test]
async fn sizes_that_somebody_changed_are_found_and_set_right() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let store = open(&url).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for statement in [
        "INSERT INTO memberships (segment_id, user_id, since) VALUES (1, 1, 0), (1, 2, 0), (2, 1, 0), (3, 1, 0)",
        "INSERT INTO segment_sizes (segment_id, bucket, user_count) VALUES (1, 3, 9), (1, 4, -4), (3, 1, 1), (4, 2, 7)",
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

/// How many statements of this database wait for a lock.
async fn waiting(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(asked).fetch_one(connection).await
}

#[tokio::test]
async fn sizes_are_set_right_while_changes_are_projected() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let store = Arc::new(open(&url).await.unwrap());
    let (mut blocking, mut watching) =
        (PgConnection::connect(&url).await.unwrap(), PgConnection::connect(&url).await.unwrap());
    for statement in [
        "INSERT INTO memberships (segment_id, user_id, since) VALUES (1, 1, 0), (2, 1, 0)",
        "INSERT INTO segment_sizes (segment_id, bucket, user_count) VALUES (1, 3, 9), (2, 3, 9)",
        "BEGIN",
        "SELECT 1 FROM segment_sizes WHERE segment_id = 1 FOR UPDATE",
    ] {
        sqlx::query(statement).execute(&mut blocking).await.unwrap();
    }
    // The repair has counted both segments, and cannot write the first one.
    let repairing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.repair_sizes().await.unwrap() }
    });
    while waiting(&mut watching).await.unwrap() < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let entered = SegmentChange {
        user_id: UserId(5),
        in_segments: vec![SegmentId(2)],
        out_segments: Vec::new(),
        segments: vec![SegmentId(2)],
        seq: 1,
        cause: Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(1),
    };
    let batch = ProjectionBatch { partition: PartitionId(0), from: 0, next: 1, changes: vec![entered] };
    let projecting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.project(&[batch]).await.unwrap() }
    });
    while waiting(&mut watching).await.unwrap() < 2 && !projecting.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sqlx::query("COMMIT").execute(&mut blocking).await.unwrap();
    assert_eq!(repairing.await.unwrap().len(), 2);
    assert_eq!(projecting.await.unwrap(), [1]);
    assert_eq!(store.segment_sizes(&[1, 2].map(SegmentId)).await.unwrap(), [1, 2]);
    assert_eq!(store.wrong_sizes().await.unwrap(), []);
}

#[tokio::test]
async fn a_statement_that_waits_too_long_is_worth_another_try() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let patience = Duration::from_millis(300);
    let options = PostgresOptions { statement_timeout: patience, ..PostgresOptions::new(&url) };
    let store = PostgresStore::open(&options).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let mut blocking = connection.begin().await.unwrap();
    sqlx::query("LOCK TABLE identities IN ACCESS EXCLUSIVE MODE").execute(&mut *blocking).await.unwrap();
    let started = Instant::now();
    let refused = store.resolve_identities(&[cookie("a")], true).await;
    assert!(refused.as_ref().is_err_and(StoreError::retryable), "{refused:?}");
    assert!(started.elapsed() >= patience);
    blocking.rollback().await.unwrap();
    assert!(store.resolve_identities(&[cookie("a")], true).await.unwrap()[0].is_some());
}

#[tokio::test]
async fn a_store_of_another_format_is_not_asked_again() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let store = open(&url).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("ALTER TABLE users RENAME COLUMN created_at TO made_at").execute(&mut connection).await.unwrap();
    let refused = store.create_user(&UserProfile::default()).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
}

#[tokio::test]
async fn a_restarted_server_is_found_again_and_caches_forget() {
    let Some(mut server) = or_not_run(Postgres::start(&PostgresSettings::default())) else { return };
    let options =
        PostgresOptions { acquire_timeout: Duration::from_millis(500), ..PostgresOptions::new(server.database()) };
    let store = PostgresStore::open(&options).await.unwrap();
    let mut removals = store.identities_removed();
    let known = store.resolve_identities(&[cookie("a")], true).await.unwrap();

    server.stop().unwrap();
    let refused = store.resolve_identities(&[cookie("a")], true).await;
    assert!(refused.as_ref().is_err_and(StoreError::retryable), "{refused:?}");
    assert!(removals.try_recv().is_err(), "what is known serves on while the server is away");

    server.resume().unwrap();
    let found = eventually("an answer of the restarted server", || async {
        store.resolve_identities(&[cookie("a")], true).await.ok()
    });
    assert_eq!(found.await, known);
    let heard = tokio::time::timeout(DEADLINE, removals.recv()).await.unwrap();
    assert_eq!(heard, Ok(IdentityRemoval::Unheard));
}

/// Passes connections on to the server, once it has broken so many.
async fn break_then_pass_on(listener: TcpListener, port: u16, mut to_break: usize) {
    while let Ok((mut client, _)) = listener.accept().await {
        if to_break > 0 {
            to_break -= 1;
            continue;
        }
        tokio::spawn(async move {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await
        });
    }
}

#[tokio::test]
async fn a_server_that_goes_away_while_it_is_opened_is_tried_again() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let url = server.database();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(break_then_pass_on(listener, server.port(), 3));
    let url = url.replace(&format!(":{}/", server.port()), &format!(":{port}/"));
    let store = open(&url).await.unwrap();
    store.create_user(&UserProfile::default()).await.unwrap();
}

#[tokio::test]
async fn what_waiting_does_not_change_is_told_at_once() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    let begun = Instant::now();
    let refused = open(&server.url("nowhere")).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("nowhere")));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_store_whose_starts_were_only_counted_gets_the_marks_of_these_numbers() {
    let Some(server) = or_not_run(Postgres::shared()) else { return };
    for (starts, confirmed) in [(1, None), (5, Some(Mark::of_counted_start(4)))] {
        let url = server.database();
        open(&url).await.unwrap().close().await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        for statement in store::conformance::AS_BEFORE_MARKS {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        let counted = "INSERT INTO lineage VALUES (1, '00000000-0000-0000-0000-000000000007', $1)";
        sqlx::query(counted).bind(starts).execute(&mut connection).await.unwrap();

        let lineage = open(&url).await.unwrap().lineage().await.unwrap().unwrap();
        assert_eq!((lineage.installation.as_u128(), lineage.starts.cast_signed()), (7, starts));
        let pending = Some(Mark::of_counted_start(lineage.starts));
        assert_eq!((lineage.confirmed, lineage.pending), (confirmed, pending));
    }
}
