//! Opening the store, and beginning what must be one transaction.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};
use tokio::sync::broadcast;
use tokio::time::Instant;

use schema::UserId;

use super::locks::{Lock, hold};
use super::removals::{self, Listening};
use super::{Connection, PostgresOptions};
use crate::{IdentityRemoval, StoreError};

/// How long the first connection is tried: whoever starts everything at once starts us too early.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before trying a server again that went away while it was opened.
const TRY_AGAIN: Duration = Duration::from_millis(200);
/// How long a connection that nobody needs stays.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// How old a connection gets: whoever moves the server behind its name wants us to follow.
const MAX_LIFETIME: Duration = Duration::from_secs(1_800);

/// The store on a Postgres server. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    removals: broadcast::Sender<IdentityRemoval>,
    listening: Arc<Listening>,
}

/// A write transaction; dropping it without a commit undoes it.
pub(super) struct WriteTransaction<'a>(Transaction<'a, Postgres>);

impl PostgresStore {
    /// Connects and brings the tables up to date; of several processes that start at once one does it.
    ///
    /// A server that refuses connections, or breaks them because it is just stopping, is tried for half a minute.
    pub async fn open(options: &PostgresOptions) -> Result<Self, StoreError> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            match Self::try_open(options).await {
                Err(NotOpened::Passing(error)) if Instant::now() < deadline => {
                    tracing::warn!(%error, "the store's server went away while it was opened; trying again");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                opened => return opened.map_err(NotOpened::into_error),
            }
        }
    }

    async fn try_open(options: &PostgresOptions) -> Result<Self, NotOpened> {
        let connect = prepare(options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .idle_timeout(IDLE_TIMEOUT)
            .max_lifetime(MAX_LIFETIME)
            .connect_with(connect.clone())
            .await?;
        let (removals, listening) = removals::listen(connect).await?;
        Ok(Self { pool, removals, listening: Arc::new(listening) })
    }

    /// Waits for what is under way and closes all connections.
    pub(super) async fn close_connections(&self) {
        self.listening.stop();
        self.pool.close().await;
    }

    pub(super) fn readers(&self) -> &PgPool {
        &self.pool
    }

    pub(super) fn removals(&self) -> &broadcast::Sender<IdentityRemoval> {
        &self.removals
    }

    /// Begins a transaction in which all statements read the same instant.
    pub(super) async fn begin_snapshot(&self) -> Result<Transaction<'_, Postgres>, StoreError> {
        Ok(self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
    }

    /// Begins one that may take as long as it takes; it holds up nobody.
    pub(super) async fn begin_long_snapshot(&self) -> Result<Transaction<'_, Postgres>, StoreError> {
        let mut transaction = self.begin_snapshot().await?;
        read_all(&mut transaction).await?;
        Ok(transaction)
    }

    /// Begins a transaction whose statements each read what was committed before them.
    pub(super) async fn begin_durable(&self) -> Result<WriteTransaction<'_>, StoreError> {
        Ok(WriteTransaction(self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?))
    }

    /// Begins a change of definitions; what is read in it is still so when it is written.
    pub(super) async fn begin_definition_change(&self) -> Result<WriteTransaction<'_>, StoreError> {
        let mut transaction = self.begin_durable().await?;
        hold(transaction.connection(), Lock::Definitions).await?;
        Ok(transaction)
    }

    /// Begins a change of what is known of users; what is read in it is still so when it is written.
    pub(super) async fn begin_user_change(&self) -> Result<WriteTransaction<'_>, StoreError> {
        let mut transaction = self.begin_durable().await?;
        hold(transaction.connection(), Lock::Users).await?;
        Ok(transaction)
    }

    /// Begins a transaction, as long as it takes, in which no change is projected.
    ///
    /// One that has written memberships and waits to count them is not seen, and counts them after us.
    pub(super) async fn begin_recount(&self) -> Result<WriteTransaction<'_>, StoreError> {
        let mut transaction = self.begin_durable().await?;
        let connection = transaction.connection();
        sqlx::query("LOCK TABLE segment_sizes IN SHARE ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
        read_all(connection).await?;
        Ok(transaction)
    }

    /// Commits, and tells the caches of all processes that the user lost an identity.
    pub(super) async fn commit_removal(
        &self,
        mut transaction: WriteTransaction<'_>,
        user_id: UserId,
    ) -> Result<(), StoreError> {
        self.listening.announce(transaction.connection(), user_id).await?;
        transaction.commit().await?;
        // Our own at once. Nobody listening is no fault: then nobody holds a cache.
        let _ = self.removals.send(IdentityRemoval::OfUser(user_id));
        Ok(())
    }
}

impl WriteTransaction<'_> {
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.0
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}

/// Lets the transaction read whole tables, for as long as that takes.
async fn read_all(connection: &mut Connection) -> Result<(), StoreError> {
    for setting in ["SET LOCAL statement_timeout = 0", "SET LOCAL enable_seqscan = on"] {
        sqlx::query(setting).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Why a store was not opened.
enum NotOpened {
    /// The server is starting, stopping or broke the connection: it may be back in a moment.
    Passing(StoreError),
    /// Anything else: a wrong password does not get better by waiting.
    Lasting(StoreError),
}

impl NotOpened {
    fn into_error(self) -> StoreError {
        let (Self::Passing(error) | Self::Lasting(error)) = self;
        error
    }
}

impl From<StoreError> for NotOpened {
    fn from(error: StoreError) -> Self {
        Self::Lasting(error)
    }
}

impl From<sqlx::Error> for NotOpened {
    fn from(error: sqlx::Error) -> Self {
        if is_passing(&error) { Self::Passing(error.into()) } else { Self::Lasting(error.into()) }
    }
}

impl From<MigrateError> for NotOpened {
    fn from(error: MigrateError) -> Self {
        let passes = match &error {
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => is_passing(cause),
            _ => false,
        };
        if passes { Self::Passing(error.into()) } else { Self::Lasting(error.into()) }
    }
}

/// What Postgres says while it stops, has crashed, or starts.
const STOPPING_OR_STARTING: [&str; 3] = ["57P01", "57P02", "57P03"];

fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        // A certificate that is not believed does not get better either.
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| STOPPING_OR_STARTING.contains(&code.as_ref())),
        _ => false,
    }
}

/// Brings the tables up to date and returns how to connect for requests.
async fn prepare(options: &PostgresOptions) -> Result<PgConnectOptions, NotOpened> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(START_TIMEOUT);
    let pool = pool.connect_with(options.for_migrations()?).await?;
    migrate(&pool).await?;
    let promise: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&pool).await?;
    pool.close().await;
    let connect = options.for_requests()?;
    // An id that was handed out must survive a power loss. Stronger promises than ours are left alone.
    Ok(if promise == "off" { connect.options([("synchronous_commit", "on")]) } else { connect })
}

/// Applies what is missing, under a lock of the server. Migrations of a later version are left alone:
/// each is valid with the version before it, so that processes are replaced one after the other.
async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    let mut migrator = sqlx::migrate!("../../schema/postgres");
    migrator.set_ignore_missing(true);
    migrator.run(pool).await
}

#[cfg(test)]
mod tests {
    use testkit::servers::{Postgres, or_not_run};

    use super::*;

    #[tokio::test]
    async fn commits_are_on_disk_also_where_the_server_does_not_wait_for_it() {
        let Some(server) = or_not_run(Postgres::shared()) else { return };
        let url = server.database();
        let promise = async || {
            let store = PostgresStore::open(&PostgresOptions::new(&url)).await.unwrap();
            sqlx::query_scalar::<_, String>("SHOW synchronous_commit").fetch_one(store.readers()).await.unwrap()
        };
        for (configured, expected) in [("off", "on"), ("remote_apply", "remote_apply")] {
            let name = url.rsplit('/').next().unwrap_or_default();
            let alter = format!("ALTER DATABASE {name} SET synchronous_commit = {configured}");
            server.execute(&url, &alter).unwrap();
            assert_eq!(promise().await, expected);
        }
    }
}
