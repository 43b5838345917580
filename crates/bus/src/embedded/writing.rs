//! The one thread that writes: takes what waits, writes it, syncs once, and tells everyone.
//!
//! A thread and not a task, because a sync blocks for as long as the disk takes. While it does, the
//! next group gathers in the queue; the slower the disk, the larger the groups. Being alone, the
//! thread hands out offsets without a lock, in the order of the journal.
//!
//! Owners of partitions may read records that are written and not yet synced. That is safe: what they
//! make of them is committed later in the same journal, of which a crash leaves a prefix; so no commit
//! survives without the records that it is made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use fjall::PersistMode;
use schema::{LogPosition, Offset, PartitionId, Topic};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::draft::{Draft, Ends};
use super::embedded_log::wall_clock;
use super::failure::{from_fjall, reason_of};
use super::request::{CommitWrite, Request, Write};
use super::retention::Retention;
use super::shared::Shared;
use super::space::Space;
use super::stored::NewValue;
use crate::BusError;

/// A group is synced when it has this many bytes even if more waits: about 20 ms of a slow disk.
const GROUP_BYTES: usize = 4 * 1_024 * 1_024;

/// The writing thread's own.
pub(super) struct WritingThread {
    shared: Arc<Shared>,
    space: Arc<Space>,
    retention: Retention,
    /// By partition: the owner whose commits are taken.
    epochs: Vec<u64>,
    /// Where lanes end that were written to since the last sync.
    ends: Ends,
    /// Where lanes begin that were trimmed since the last sync.
    begins: BTreeMap<(Topic, PartitionId), Offset>,
}

/// Someone whose write is in the journal but not yet synced.
struct Waiting {
    reply: oneshot::Sender<Result<Vec<LogPosition>, BusError>>,
    positions: Vec<LogPosition>,
    /// Held until the answer: what waits for a sync counts as waiting.
    _permit: OwnedSemaphorePermit,
}

impl WritingThread {
    pub(super) fn new(shared: Arc<Shared>, space: Arc<Space>, retention: Retention) -> Self {
        let epochs = vec![0; usize::from(shared.partitions)];
        Self { shared, space, retention, epochs, ends: Ends::new(), begins: BTreeMap::new() }
    }

    /// Writes until nobody can ask any more.
    pub(super) fn run(mut self, requests: Receiver<Request>) {
        loop {
            match requests.recv_timeout(self.retention.until_due()) {
                Ok(first) => self.write_group(first, &requests),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.trim();
        }
    }

    /// Writes what waits, and syncs once.
    fn write_group(&mut self, first: Request, requests: &Receiver<Request>) {
        let mut size = first.write.size_bytes();
        let mut group = Vec::from_iter(self.take(first));
        while size < GROUP_BYTES {
            let Ok(request) = requests.try_recv() else { break };
            size += request.write.size_bytes();
            group.extend(self.take(request));
        }
        if !group.is_empty() {
            self.sync(group);
        }
    }

    /// Writes one request; answers at once when it is refused.
    fn take(&mut self, request: Request) -> Option<Waiting> {
        let Request { write, reply, permit } = request;
        match self.shared.check_health().and_then(|()| self.write(write)) {
            Ok(positions) => Some(Waiting { reply, positions, _permit: permit }),
            Err(error) => {
                // A caller that went away no longer cares.
                let _ = reply.send(Err(error));
                None
            }
        }
    }

    fn write(&mut self, write: Write) -> Result<Vec<LogPosition>, BusError> {
        match write {
            Write::Append { topic, records } => self.append(topic, records),
            Write::Commit(commit) => self.commit(*commit).map(|()| Vec::new()),
            Write::Claim { partition, epoch } => {
                let current = &mut self.epochs[usize::from(partition.0)];
                *current = epoch.max(*current);
                Ok(Vec::new())
            }
            Write::Nothing => Ok(Vec::new()),
        }
    }

    fn append(&mut self, topic: Topic, records: Vec<(PartitionId, NewValue)>) -> Result<Vec<LogPosition>, BusError> {
        self.space.check_append()?;
        let mut draft = Draft::new(&self.shared, &self.ends);
        let mut positions = Vec::with_capacity(records.len());
        for (partition, value) in records {
            let offset = draft.append(topic, partition, value.bytes)?;
            positions.push(LogPosition { partition, offset });
        }
        let written = draft.write();
        let ends = self.checked(written)?;
        if topic == Topic::Events {
            for ((_, partition), end) in &ends {
                self.shared.written(*partition)?.send_replace(*end);
            }
        }
        self.ends.extend(ends);
        Ok(positions)
    }

    fn commit(&mut self, commit: CommitWrite) -> Result<(), BusError> {
        let partition = commit.partition;
        if self.epochs[usize::from(partition.0)] != commit.epoch {
            return Err(BusError::Fenced(partition));
        }
        self.space.check_commit()?;
        let mut draft = Draft::new(&self.shared, &self.ends);
        draft.commit(commit)?;
        let written = draft.write();
        self.ends.extend(self.checked(written)?);
        Ok(())
    }

    /// Removes one slice of what is too old, when it is time to look.
    fn trim(&mut self) {
        let trimmed = self.retention.next(&self.shared, wall_clock()).and_then(|trim| {
            let Some(trim) = trim.filter(|_| self.shared.check_health().is_ok()) else { return Ok(None) };
            let mut draft = Draft::new(&self.shared, &self.ends);
            draft.trim(trim)?;
            self.checked(draft.write())?;
            Ok(Some(trim))
        });
        match trimmed {
            Ok(Some(trim)) => {
                self.begins.insert((trim.topic, trim.partition), trim.begin);
                self.sync(Vec::new());
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "trimming the log"),
        }
    }

    /// A write that failed ends the log: how much of it is in the journal is unknown.
    fn checked<T>(&self, written: Result<T, BusError>) -> Result<T, BusError> {
        written.map_err(|error| {
            self.shared.fail(&error);
            BusError::Broken(reason_of(error))
        })
    }

    /// Makes the group durable, then visible, then answers.
    fn sync(&mut self, group: Vec<Waiting>) {
        let healthy = self.shared.check_health();
        let synced = healthy.and_then(|()| self.persist(PersistMode::SyncData));
        if let Err(error) = self.checked(synced) {
            let reason = reason_of(error);
            for waiting in group {
                let _ = waiting.reply.send(Err(BusError::Broken(reason.clone())));
            }
            return;
        }
        self.shared.make_durable();
        self.tell();
        for waiting in group {
            let _ = waiting.reply.send(Ok(waiting.positions));
        }
    }

    fn persist(&self, mode: PersistMode) -> Result<(), BusError> {
        self.shared.keyspaces.database.persist(mode).map_err(from_fjall)?;
        #[cfg(test)]
        self.shared.note_persisted(mode);
        Ok(())
    }

    fn tell(&mut self) {
        // Beginnings first: what was trimmed must be told before a reader may miss it.
        for ((topic, partition), begin) in std::mem::take(&mut self.begins) {
            if let Ok(lane) = self.shared.lane(topic, partition) {
                lane.trim_to(begin);
            }
        }
        for ((topic, partition), end) in std::mem::take(&mut self.ends) {
            if let Ok(lane) = self.shared.lane(topic, partition) {
                lane.extend_to(end);
            }
        }
    }
}

impl Drop for WritingThread {
    /// Wakes those who wait for records that can no longer come.
    fn drop(&mut self) {
        self.shared.close();
    }
}

#[cfg(test)]
mod tests {
    use schema::{LogRecord, Timestamp, UserDeletion, UserId};

    use super::super::{EmbeddedLog, EmbeddedLogOptions};
    use crate::{EventLog as _, Ownership as _, OwnershipChange, PartitionCommit};

    fn record(user_id: i64) -> LogRecord {
        let received_at = Timestamp::from_micros(1_800_000_000_000_000);
        LogRecord::Deletion(UserDeletion { user_id: UserId(user_id), received_at })
    }

    /// The one sync that an answer waited for.
    #[track_caller]
    fn check_synced(log: &EmbeddedLog, what: &str) {
        let persisted = std::mem::take(&mut *log.shared().persisted.lock().unwrap());
        assert_eq!(format!("{persisted:?}"), "[SyncData]", "{what}");
    }

    #[tokio::test]
    async fn an_append_and_a_commit_are_answered_after_a_sync() {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path(), EmbeddedLogOptions::default()).unwrap();
        let Ok(Some(OwnershipChange::Assigned(mut owner))) = log.ownership().next().await else { panic!("no owner") };
        log.shared().persisted.lock().unwrap().clear();
        for number in 1..=20 {
            log.append(vec![record(number)]).await.unwrap();
            check_synced(&log, "append");
            owner.commit(PartitionCommit::default()).await.unwrap();
            check_synced(&log, "commit");
        }
    }
}
