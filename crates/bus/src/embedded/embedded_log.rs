//! The handle that services hold: asks the writing thread, reads for itself.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use schema::{
    ErrorRecord, Generation, LogLineage, LogPosition, Offset, PartitionId, PartitionStatus, Timestamp, Topic, UserId,
    partition_of,
};
use tokio::sync::{Semaphore, oneshot};

use super::keyspaces::Keyspaces;
use super::lane::Lane;
use super::options::EmbeddedLogOptions;
use super::owner::EmbeddedOwnership;
use super::reading::read_durable;
use super::request::{Request, Write};
use super::restoring::restore;
use super::retention::Retention;
use super::shared::Shared;
use super::space::Space;
use super::stored::NewValue;
use super::writing::WritingThread;
use crate::values::encode_error;
use crate::{BusError, DeadLetter, EventLog, NewRecord, RestoredPartition, StoredRecord, TrimHold};

/// The most KiB that wait for the writing thread, a request counting at least one; the next caller
/// waits for room.
const QUEUE_KIB: usize = 64 * 1_024;

/// The log on one machine; cheap to clone, closed when the last clone is dropped.
#[derive(Clone)]
pub struct EmbeddedLog(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    space: Arc<Space>,
    room: Arc<Semaphore>,
    /// `None` only while it is dropped.
    requests: Option<mpsc::Sender<Request>>,
    writing: Option<JoinHandle<()>>,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, or makes it. Blocks while the journal of a crash is read.
    pub fn open(dir: impl AsRef<Path>, options: EmbeddedLogOptions) -> Result<Self, BusError> {
        let dir = dir.as_ref();
        let keyspaces = Keyspaces::open(dir, &options)?;
        let shared = Arc::new(Shared::new(keyspaces, options.partitions)?);
        let space = Arc::new(Space::new(dir.to_owned(), options.free_space_floor_bytes));
        let thread = WritingThread::new(shared.clone(), space.clone(), Retention::new(&options));
        // Bounded by `room`, which callers wait for without blocking a thread.
        let (requests, queue) = mpsc::channel();
        let writing = std::thread::Builder::new()
            .name("log-writing".to_owned())
            .spawn(move || thread.run(queue))
            .map_err(|error| BusError::Unavailable(format!("starting the writing thread: {error}")))?;
        let room = Arc::new(Semaphore::new(QUEUE_KIB));
        Ok(Self(Arc::new(Handle { shared, space, room, requests: Some(requests), writing: Some(writing) })))
    }

    /// Hands out all partitions to the caller; who owned them before can commit no more.
    pub fn ownership(&self) -> EmbeddedOwnership {
        EmbeddedOwnership::new(self.clone())
    }

    /// Returns which installation the log belongs to; `None` before that was said.
    pub fn lineage(&self) -> Result<Option<LogLineage>, BusError> {
        self.shared().keyspaces.lineage()
    }

    /// Says which installation it belongs to; durable when this returns. Blocks while it is written.
    pub fn set_lineage(&self, lineage: &LogLineage) -> Result<(), BusError> {
        self.shared().keyspaces.set_lineage(lineage)
    }

    /// Returns the newest definitions by which any partition's state was made.
    pub fn generation(&self) -> Result<Option<Generation>, BusError> {
        let partitions = (0..self.partitions()).map(PartitionId);
        let definitions = partitions.map(|partition| self.shared().keyspaces.definitions(partition));
        let newest = definitions.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
        Ok(newest.map(|definitions| definitions.generation).max())
    }

    /// Makes everything durable that was asked for, then refuses what comes and ends all waiting.
    pub async fn close(&self) -> Result<(), BusError> {
        let flushed = self.request(Write::Nothing).await;
        self.shared().close();
        flushed.map(|_| ())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// Asks the writing thread, and waits until it is durable.
    pub(super) async fn request(&self, write: Write) -> Result<Vec<LogPosition>, BusError> {
        self.shared().check_health()?;
        let kib = (write.size_bytes() / 1_024 + 1).min(QUEUE_KIB);
        let permit = self.0.room.clone().acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX)).await;
        let permit = permit.map_err(|_| ended())?;
        let (reply, answer) = oneshot::channel();
        let requests = self.0.requests.as_ref().ok_or_else(ended)?;
        requests.send(Request { write, reply, permit }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

fn ended() -> BusError {
    BusError::Unavailable("the writing thread has ended".to_owned())
}

impl Drop for Handle {
    /// Waits for the writing thread, so that the folder is free when the last handle is gone.
    fn drop(&mut self) {
        self.requests = None;
        if self.writing.take().is_some_and(|writing| writing.join().is_err()) {
            tracing::error!("the writing thread panicked");
        }
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    fn partitions(&self) -> u16 {
        self.shared().partitions
    }

    fn check_room(&self) -> Result<(), BusError> {
        self.0.space.check_append()
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let partitions = self.partitions();
        let stored = |record: &NewRecord| {
            let value = NewValue::new(record.received_at(), record.user_id(), &record.encode());
            (partition_of(record.user_id(), partitions), value)
        };
        let records = records.iter().map(stored).collect();
        self.request(Write::Append { topic: Topic::Events, records }).await
    }

    async fn append_errors(&self, errors: Vec<ErrorRecord>) -> Result<(), BusError> {
        if errors.is_empty() {
            return Ok(());
        }
        let now = wall_clock();
        let stored = |error: &ErrorRecord| {
            let value = error_value(error, now)?;
            Ok((partition_of(value.user_id, self.partitions()), value))
        };
        let records = errors.iter().map(stored).collect::<Result<_, BusError>>()?;
        self.request(Write::Append { topic: Topic::Errors, records }).await.map(|_| ())
    }

    async fn append_dead_letters(&self, letters: Vec<DeadLetter>) -> Result<(), BusError> {
        if letters.is_empty() {
            return Ok(());
        }
        let now = wall_clock();
        let stored =
            |letter: &DeadLetter| Ok((letter.partition, NewValue::new(now, letter.user_id, &letter.encode()?)));
        let records = letters.iter().map(stored).collect::<Result<_, BusError>>()?;
        self.request(Write::Append { topic: Topic::DeadLetters, records }).await.map(|_| ())
    }

    async fn read(
        &self,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        read_durable(self, topic, partition, from, max_records).await
    }

    async fn range(&self, topic: Topic, partition: PartitionId) -> Result<std::ops::Range<Offset>, BusError> {
        let lane = self.shared().lane(topic, partition)?;
        Ok(lane.begin()..lane.end())
    }

    async fn wait_for(&self, topic: Topic, partition: PartitionId, from: Offset) -> Result<(), BusError> {
        let lane = self.shared().lane(topic, partition)?;
        tokio::select! {
            biased;
            () = lane.reaches_past(from) => check_kept(lane, topic, from),
            reason = self.shared().ended() => Err(reason),
        }
    }

    fn set_writer_floor(&self, partition: PartitionId, floor: Offset) {
        if let Ok(current) = self.shared().writer_floor(partition) {
            current.fetch_max(floor, Ordering::AcqRel);
        }
    }

    async fn hold_trimming(&self) -> Result<TrimHold, BusError> {
        let hold = TrimHold::of(self.shared().trim_holds());
        // Behind what is being trimmed right now.
        self.request(Write::Nothing).await?;
        Ok(hold)
    }

    async fn last_commit(
        &self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        let read = restore(self, partition, visit).await?;
        // Readers are told of what is durable a moment later; behind this they have been told of all that was read.
        self.request(Write::Nothing).await?;
        Ok(read)
    }

    async fn statuses(&self) -> Result<Vec<PartitionStatus>, BusError> {
        Ok(self.shared().statuses())
    }
}

/// Tells whoever waited at an offset when the record there is gone: `read` would refuse it too.
fn check_kept(lane: &Lane, topic: Topic, from: Offset) -> Result<(), BusError> {
    let begin = lane.begin();
    if from < begin { Err(BusError::Trimmed { topic: topic.as_str(), asked: from, begin }) } else { Ok(()) }
}

/// Puts an error into the form in which it is stored; its key is the `user_id` it names, else 0.
pub(super) fn error_value(error: &ErrorRecord, time: Timestamp) -> Result<NewValue, BusError> {
    let (user_id, json) = encode_error(error)?;
    Ok(NewValue::new(time, user_id, &json))
}

/// Returns what the machine's clock says; only retention looks at it.
pub(super) fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
