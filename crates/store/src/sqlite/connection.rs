//! Opening the file, and whose turn it is to write.
//!
//! SQLite has one writer at a time. Instead of letting connections race for its lock (the loser
//! sleeps), writers queue on a mutex and never meet it. There are two of them: one that syncs every
//! commit, for what was promised to somebody (a user id that was handed out), and one that leaves
//! syncing to the next checkpoint, for what the log can tell again (the projection: its position
//! lies in the same transaction, so a lost commit is projected again).

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};
use tokio::sync::{Mutex, MutexGuard, broadcast};

use schema::UserId;

use crate::{IdentityRemoval, StoreError};

/// Readers beside the writer: look-ups are short, and a thread stands behind each.
const READERS: u32 = 4;
/// How long a statement waits for a lock that another process holds (a backup, a shell).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a free reader before it is told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Notices of lost identities that a slow cache may be behind before it must drop everything.
const REMOVAL_BACKLOG: usize = 1_024;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../schema/sqlite");

/// The store in one SQLite file. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    durable_writer: SqlitePool,
    relaxed_writer: SqlitePool,
    turn: std::sync::Arc<Mutex<()>>,
    removals: broadcast::Sender<IdentityRemoval>,
}

/// A write transaction and the turn it holds; dropping it without a commit undoes it.
pub(super) struct WriteTransaction<'a> {
    transaction: Transaction<'a, Sqlite>,
    // Declared after the transaction: the turn passes on when that is over.
    _turn: MutexGuard<'a, ()>,
}

impl SqliteStore {
    /// Opens the file, makes it when it is not there, and brings its tables up to date.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let durable_writer = pool(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&durable_writer).await?;
        let relaxed_writer = pool(1).connect_with(options.clone().synchronous(SqliteSynchronous::Normal)).await?;
        let readers = pool(READERS).connect_with(options).await?;
        let (removals, _) = broadcast::channel(REMOVAL_BACKLOG);
        Ok(Self { readers, durable_writer, relaxed_writer, turn: std::sync::Arc::default(), removals })
    }

    /// Waits for what is under way and closes all connections.
    pub(super) async fn close_connections(&self) {
        self.readers.close().await;
        self.relaxed_writer.close().await;
        self.durable_writer.close().await;
    }

    pub(super) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(super) fn removals(&self) -> &broadcast::Sender<IdentityRemoval> {
        &self.removals
    }

    /// Begins a change of definitions; they are made one after the other, as is everything here.
    pub(super) async fn begin_definition_change(&self) -> Result<WriteTransaction<'_>, StoreError> {
        self.begin_durable().await
    }

    /// Begins a change of what is known of users.
    pub(super) async fn begin_user_change(&self) -> Result<WriteTransaction<'_>, StoreError> {
        self.begin_durable().await
    }

    /// Begins a transaction in which no change is projected.
    pub(super) async fn begin_recount(&self) -> Result<WriteTransaction<'_>, StoreError> {
        self.begin_durable().await
    }

    /// Begins one that may take long; it holds up nobody.
    pub(super) async fn begin_long_snapshot(&self) -> Result<Transaction<'_, Sqlite>, StoreError> {
        self.begin_snapshot().await
    }

    /// Begins a transaction in which all statements read the same instant.
    pub(super) async fn begin_snapshot(&self) -> Result<Transaction<'_, Sqlite>, StoreError> {
        Ok(self.readers.begin().await?)
    }

    /// Commits, and tells caches that the user lost an identity.
    pub(super) async fn commit_removal(
        &self,
        transaction: WriteTransaction<'_>,
        user_id: UserId,
    ) -> Result<(), StoreError> {
        transaction.commit().await?;
        // Nobody listening is no fault: then nobody holds a cache.
        let _ = self.removals.send(IdentityRemoval::OfUser(user_id));
        Ok(())
    }

    /// Begins a transaction whose commit survives a power loss.
    pub(super) async fn begin_durable(&self) -> Result<WriteTransaction<'_>, StoreError> {
        self.begin(&self.durable_writer).await
    }

    /// Begins a transaction whose commit a power loss may undo as a whole.
    pub(super) async fn begin_relaxed(&self) -> Result<WriteTransaction<'_>, StoreError> {
        self.begin(&self.relaxed_writer).await
    }

    async fn begin<'a>(&'a self, writer: &SqlitePool) -> Result<WriteTransaction<'a>, StoreError> {
        let turn = self.turn.lock().await;
        // IMMEDIATE: what is read in it is still so when it is written.
        let transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(WriteTransaction { transaction, _turn: turn })
    }
}

impl WriteTransaction<'_> {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
