//! Loads the batches of all partitions that wait at the same moment together, and moves their positions.
//!
//! A load or a statement costs Databend tens of milliseconds however few its rows are, so partitions share
//! them. The order makes it exact: rows first, which nobody sees; then, in one statement, the positions of
//! all partitions that are still where their batches begin. A process that dies in between leaves rows
//! that nobody ever counts: whoever repeats the batch loads the same records again, and readers see
//! one of the copies. One that asks too late moves nothing.

use std::collections::BTreeMap;

use schema::{Offset, PartitionId, UserId};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::aside::Aside;
use super::draft::Draft;
use super::loading::load;
use super::records::{DeletionRow, EventRow, Loadable, TraitRow};
use super::{Databend, DatabendError, cells, refused};
use crate::WarehouseError;

/// One of each partition may wait; more partitions than that wait for the channel.
const WAITING: usize = 1_024;
/// A load that has this many bytes is sent without waiting batches.
const LOAD_BYTES: usize = 64 * 1_024 * 1_024;

/// Takes batches and answers when they are durable.
pub(super) struct Loader(mpsc::Sender<Waiting>);

struct Waiting {
    draft: Draft,
    written: oneshot::Sender<Result<(), WarehouseError>>,
}

impl Loader {
    /// Loads for as long as somebody holds this.
    pub(super) fn start(databend: Databend, aside: Aside) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(run(databend, aside, receiver));
        Self(sender)
    }

    /// Writes a batch together with those of other partitions.
    pub(super) async fn write(&self, draft: Draft) -> Result<(), WarehouseError> {
        let (written, answer) = oneshot::channel();
        let ended = || WarehouseError::Unavailable("the loader has ended".to_owned());
        self.0.send(Waiting { draft, written }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

async fn run(databend: Databend, aside: Aside, mut waiting: mpsc::Receiver<Waiting>) {
    // Users whose rows are out of sight and not yet removed.
    let mut to_erase = Vec::new();
    while let Some(first) = waiting.recv().await {
        let mut group = Group::default();
        group.add(first);
        while group.bytes < LOAD_BYTES
            && let Ok(next) = waiting.try_recv()
        {
            group.add(next);
        }
        group.write(&databend, &aside, &mut to_erase).await;
        erase(&databend, &mut to_erase).await;
    }
}

/// The stretch of a partition that a batch writes.
struct Stretch {
    partition: PartitionId,
    from: Offset,
    next: Offset,
    log_time: i64,
}

/// Batches of different partitions.
#[derive(Default)]
struct Group {
    stretches: Vec<(Stretch, oneshot::Sender<Result<(), WarehouseError>>)>,
    events: Vec<EventRow>,
    traits: Vec<TraitRow>,
    deletions: Vec<DeletionRow>,
    bytes: usize,
}

impl Group {
    fn add(&mut self, waiting: Waiting) {
        let Draft { partition, from, next, log_time, events, traits, deletions } = waiting.draft;
        self.bytes += events.iter().map(Loadable::size).sum::<usize>();
        self.stretches.push((Stretch { partition, from, next, log_time: log_time.as_micros() }, waiting.written));
        self.events.extend(events);
        self.traits.extend(traits);
        self.deletions.extend(deletions);
    }

    /// Loads everything, moves the positions, and answers those who wait.
    async fn write(self, databend: &Databend, aside: &Aside, to_erase: &mut Vec<UserId>) {
        let moved = self.load_and_move(databend, aside).await;
        let mut won = Vec::new();
        for (stretch, written) in self.stretches {
            let answer = match &moved {
                Ok(moved) => moved.outcome(&stretch),
                Err(reason) => Err(WarehouseError::Unavailable(reason.clone())),
            };
            if answer.is_ok() {
                won.push(stretch.partition);
            }
            // A writer that no longer waits reads the position when it comes back.
            let _ = written.send(answer);
        }
        let erased = self.deletions.iter().filter(|row| won.contains(&row.at.partition));
        to_erase.extend(erased.map(|row| row.user_id));
    }

    async fn load_and_move(&self, databend: &Databend, aside: &Aside) -> Result<Moved, String> {
        let said = |error: DatabendError| error.to_string();
        let mut refused = load(databend, &self.events).await.map_err(said)?;
        refused.extend(load(databend, &self.traits).await.map_err(said)?);
        refused.extend(load(databend, &self.deletions).await.map_err(said)?);
        if !refused.is_empty() {
            aside.tell(&refused).await.map_err(|error| format!("telling of refused rows: {error}"))?;
        }
        let load_id = Uuid::now_v7().to_string();
        let statement = self.statement(&load_id);
        databend.execute(&statement).await.map_err(said)?;
        Moved::read(databend, load_id).await.map_err(said)
    }

    /// Moves each position that is where its batch begins.
    fn statement(&self, load_id: &str) -> String {
        let cases = |value: &dyn Fn(&Stretch) -> String| {
            let case = |(stretch, _): &(Stretch, _)| format!(" WHEN {} THEN {}", stretch.partition, value(stretch));
            self.stretches.iter().map(case).collect::<String>()
        };
        let there = |(stretch, _): &(Stretch, _)| {
            format!("(log_partition = {} AND next_offset = {})", stretch.partition, stretch.from)
        };
        format!(
            "UPDATE log_positions SET next_offset = CASE log_partition{} END, log_time = CASE log_partition{} END,
             load_id = '{load_id}' WHERE {}",
            cases(&|stretch| stretch.next.to_string()),
            cases(&|stretch| stretch.log_time.to_string()),
            self.stretches.iter().map(there).collect::<Vec<_>>().join(" OR "),
        )
    }
}

/// Where the partitions are after they were asked to move.
struct Moved {
    load_id: String,
    partitions: BTreeMap<PartitionId, (Offset, String)>,
}

impl Moved {
    /// How many rows a statement wrote is not what each server counts alike, so the rows are read.
    async fn read(databend: &Databend, load_id: String) -> Result<Self, DatabendError> {
        let asked = databend.query("SELECT log_partition, next_offset, load_id FROM log_positions").await?;
        let mut partitions = BTreeMap::new();
        for row in asked.rows {
            let partition = PartitionId(cells::value(&row, 0)?);
            partitions.insert(partition, (cells::number(&row, 1)?, cells::text(&row, 2)?.to_owned()));
        }
        Ok(Self { load_id, partitions })
    }

    /// A position that another writer moved on since is not ours either: the caller goes on from there.
    fn outcome(&self, stretch: &Stretch) -> Result<(), WarehouseError> {
        let Stretch { partition, from, .. } = *stretch;
        match self.partitions.get(&partition) {
            Some((next, load_id)) if *next == stretch.next && *load_id == self.load_id => Ok(()),
            Some((actual, _)) => Err(WarehouseError::Moved { partition, expected: from, actual: *actual }),
            None => Err(WarehouseError::Damaged(format!("there is no partition {partition}"))),
        }
    }
}

/// Removes the rows of users that are out of sight; those of whom it cannot be done now are tried again later.
async fn erase(databend: &Databend, users: &mut Vec<UserId>) {
    if users.is_empty() {
        return;
    }
    let ids = users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    for table in [EventRow::TABLE, TraitRow::TABLE] {
        if let Err(error) = databend.execute(&format!("DELETE FROM {table} WHERE user_id IN ({ids})")).await {
            tracing::warn!(%error, "deleted users are out of sight and still stored; trying again with the next batch");
            return;
        }
    }
    if let Err(error) = refused::erase(databend, users).await {
        tracing::warn!(%error, "refused rows of deleted users are still kept; trying again with the next batch");
        return;
    }
    users.clear();
}

/// Removes what was left of deleted users: by a process that ended before it did, or a load that finished late.
pub(super) async fn erase_leftovers(databend: &Databend) -> Result<(), DatabendError> {
    for table in [EventRow::TABLE, TraitRow::TABLE] {
        let left = format!("SELECT 1 FROM {table} WHERE user_id IN (SELECT user_id FROM deleted_users) LIMIT 1");
        if !databend.query(&left).await?.rows.is_empty() {
            let statement = format!("DELETE FROM {table} WHERE user_id IN (SELECT user_id FROM deleted_users)");
            databend.execute(&statement).await?;
        }
    }
    let deleted = refused::deleted_users(databend).await?;
    refused::erase(databend, &deleted).await
}
