//! Hearing, in every process, of identities that any of them removed.
//!
//! The notice is part of the transaction that removes: Postgres delivers it after the commit, to
//! whoever listens then. So each time a connection is lost and found again something may have gone
//! unheard, and caches are told to forget everything. They are not told when it is lost: while the
//! server is away nothing can be removed, and known identities must still pass.

use std::time::Duration;

use schema::UserId;
use sqlx::Executor as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use super::Connection;
use crate::{IdentityRemoval, StoreError};

const CHANNEL: &str = "shoal_identities_removed";
/// Notices that a slow cache may be behind before it must forget everything.
const BACKLOG: usize = 1_024;
/// How long a connection may be silent before it is asked whether it still stands.
const SILENCE: Duration = Duration::from_secs(5);
/// How long connecting or an answer to that may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long to wait before the next attempt to listen again.
const PAUSE: Duration = Duration::from_millis(500);

/// The task that listens; it ends with this.
#[derive(Debug)]
pub(super) struct Listening {
    /// Which process a notice comes from: what it removed itself it has forgotten already.
    own: String,
    task: JoinHandle<()>,
}

impl Listening {
    /// Adds the notice to the transaction that removes.
    pub(super) async fn announce(&self, connection: &mut Connection, user_id: UserId) -> Result<(), StoreError> {
        let notice = format!("{user_id} {}", self.own);
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(notice).execute(connection).await?;
        Ok(())
    }

    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Listens from now on, for good: what is removed after this returned is heard.
pub(super) async fn listen(
    connect: PgConnectOptions,
) -> Result<(broadcast::Sender<IdentityRemoval>, Listening), sqlx::Error> {
    let (removals, _) = broadcast::channel(BACKLOG);
    let mut listener = connected(&connect).await?;
    let own: String = sqlx::query_scalar("SELECT md5(concat(random(), clock_timestamp(), pg_backend_pid()))")
        .fetch_one(&mut listener)
        .await?;
    let task = tokio::spawn(follow(connect, listener, own.clone(), removals.clone()));
    Ok((removals, Listening { own, task }))
}

async fn follow(
    connect: PgConnectOptions,
    mut listener: PgListener,
    own: String,
    removals: broadcast::Sender<IdentityRemoval>,
) {
    loop {
        let lost = forward(&mut listener, &own, &removals).await;
        tracing::warn!(error = %lost, "identities removed by other processes go unheard; listening again");
        listener = connected_again(&connect).await;
        let _ = removals.send(IdentityRemoval::Unheard);
    }
}

async fn connected_again(connect: &PgConnectOptions) -> PgListener {
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Ok(listener) = connected(connect).await {
            return listener;
        }
    }
}

/// Connects anew: a connection that hangs is not waited for.
async fn connected(connect: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ANSWER).max_lifetime(None).idle_timeout(None);
    let mut listener = PgListener::connect_with(&pool.connect_lazy_with(connect.clone())).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Passes notices on until the connection is lost, and returns why.
async fn forward(listener: &mut PgListener, own: &str, removals: &broadcast::Sender<IdentityRemoval>) -> sqlx::Error {
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notice))) => {
                if let Some(removal) = read(&notice, own) {
                    // Nobody listening is no fault: then nobody holds a cache.
                    let _ = removals.send(removal);
                }
            }
            Ok(Ok(None)) => return sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(Err(error)) => return error,
            Err(_silent) => match tokio::time::timeout(ANSWER, listener.execute("SELECT 1")).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error,
                Err(_silent) => return sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            },
        }
    }
}

fn read(notice: &PgNotification, own: &str) -> Option<IdentityRemoval> {
    let (user_id, from) = notice.payload().split_once(' ')?;
    let removal = user_id.parse().map_or(IdentityRemoval::Unheard, |id| IdentityRemoval::OfUser(UserId(id)));
    (from != own).then_some(removal)
}
