//! Reading by offset, over clients that only know how to go on.
//!
//! Every partition that is read has a [`Cursor`] or a few, each in another client, for one client
//! reads a partition at one place only. Most services need one: the projection, the subscribers and
//! whoever waits for the end are at the same place.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;
use schema::{Offset, Topic};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::clients::{self, Speaking};
use super::cursor::Cursor;
use super::ends::Ends;
use super::failure::reason;
use super::fetching::Fetching;
use super::scanning::Scanner;
use super::topics::Lane;
use crate::kafka_options::KafkaOptions;
use crate::{BusError, StoredRecord};

/// At how many places a partition is read at once; one more reader makes the idlest place jump.
const MAX_PLACES: usize = 4;
/// A client must be listened to, so that it can say what troubles it.
const LISTEN: Duration = Duration::from_millis(250);
/// How long to wait before looking for another place, when the one that was found went elsewhere.
const ANOTHER_PLACE: Duration = Duration::from_millis(2);
/// Waiting looks again after this long, whether or not it was told to.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

type Client = Arc<BaseConsumer<Speaking>>;

/// A cursor that several readers share.
struct Place {
    cursor: AsyncMutex<Cursor>,
    used: Mutex<Instant>,
}

/// Where a partition ended when it was looked at: for the brokers, and for readers.
#[derive(Clone, Copy)]
struct SeenEnd {
    log: Offset,
    visible: Offset,
}

/// Reads any partition at any offset.
pub(super) struct Reader {
    options: KafkaOptions,
    ends: Ends,
    scanner: Scanner,
    clients: Mutex<Vec<Client>>,
    places: Mutex<HashMap<Lane, Vec<Arc<Place>>>>,
    seen_ends: Mutex<HashMap<Lane, SeenEnd>>,
    /// Topics into which nobody writes by transactions: each offset is a record.
    gapless: HashSet<Arc<str>>,
}

impl Reader {
    pub(super) fn new(options: &KafkaOptions, gapless: HashSet<Arc<str>>) -> Result<Self, BusError> {
        Ok(Self {
            options: options.clone(),
            ends: Ends::start(options, "read_committed")?,
            scanner: Scanner::new(options)?,
            clients: Mutex::default(),
            places: Mutex::default(),
            seen_ends: Mutex::default(),
            gapless,
        })
    }

    pub(super) fn ends(&self) -> &Ends {
        &self.ends
    }

    pub(super) fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// Returns at most `max_records` from `from` on; empty at the end.
    pub(super) async fn read(
        &self,
        lane: &Lane,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        if max_records == 0 {
            return Ok(Vec::new());
        }
        if let Some(place) = self.place_at(lane, from).await
            && let Some(records) = self.take(lane, &place, from, max_records).await?
            && !records.is_empty()
        {
            return Ok(records);
        }
        if from >= self.end(lane).await? {
            return Ok(Vec::new());
        }
        let deadline = Instant::now() + self.options.request_timeout;
        let records = self.read_until(lane, from, max_records, deadline).await?;
        if records.is_empty() {
            return Err(BusError::Unavailable(format!("reading `{}` takes too long", lane.topic)));
        }
        Ok(records)
    }

    /// Returns at most `max_records` from `from` on, waiting for the first one until `deadline`.
    pub(super) async fn read_until(
        &self,
        lane: &Lane,
        from: Offset,
        max_records: usize,
        deadline: Instant,
    ) -> Result<Vec<StoredRecord>, BusError> {
        loop {
            let place = self.place_for(lane, from).await?;
            let bell = Arc::clone(place.cursor.lock().await.bell());
            let ringing = bell.notified();
            let mut ringing = std::pin::pin!(ringing);
            ringing.as_mut().enable();
            let Some(records) = self.take(lane, &place, from, max_records).await? else {
                // It went elsewhere meanwhile, or was given up: its bell rings for others.
                if Instant::now() >= deadline {
                    return Ok(Vec::new());
                }
                tokio::time::sleep(ANOTHER_PLACE).await;
                continue;
            };
            if !records.is_empty() {
                // Another waiter may be behind the same bell.
                bell.notify_one();
                return Ok(records);
            }
            tokio::select! {
                () = ringing => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
            }
        }
    }

    /// Returns the first offset that is not written yet, as readers see it.
    pub(super) async fn end(&self, lane: &Lane) -> Result<Offset, BusError> {
        let log = self.ends.end(lane).await?;
        if self.gapless.contains(&lane.topic) {
            return Ok(log);
        }
        let seen = lock(&self.seen_ends).get(lane).copied();
        if let Some(seen) = seen.filter(|seen| seen.log == log) {
            return Ok(seen.visible);
        }
        let visible = match self.end_of_places(lane, log).await {
            Some(visible) => visible,
            None => self.last_before(lane, log, seen).await?,
        };
        lock(&self.seen_ends).insert(lane.clone(), SeenEnd { log, visible });
        Ok(visible)
    }

    /// Looks for the last record below `log`: markers of commits lie behind it.
    async fn last_before(&self, lane: &Lane, log: Offset, seen: Option<SeenEnd>) -> Result<Offset, BusError> {
        let begin = self.ends.begin(lane).await?;
        let known = seen.filter(|seen| seen.log <= log).map_or(begin, |seen| seen.log.max(begin));
        let mut width = 8;
        let mut until = log;
        while until > known {
            let from = until.saturating_sub(width).max(known);
            let mut last = None;
            let mut note = |message: &rdkafka::message::BorrowedMessage<'_>| {
                last = Some(super::fetching::offset_of(message)?);
                Ok(())
            };
            self.scanner.scan(lane, from..until, &mut note).await?;
            if let Some(last) = last {
                return Ok(last + 1);
            }
            (until, width) = (from, width * 4);
        }
        Ok(seen.map_or(begin, |seen| seen.visible.max(begin)))
    }

    async fn end_of_places(&self, lane: &Lane, log: Offset) -> Option<Offset> {
        for place in self.places_of(lane) {
            if let Some(end) = place.cursor.lock().await.end_before(log) {
                return Some(end);
            }
        }
        None
    }

    /// Takes what a place has; `None` when the place was given up.
    async fn take(
        &self,
        lane: &Lane,
        place: &Arc<Place>,
        from: Offset,
        max_records: usize,
    ) -> Result<Option<Vec<StoredRecord>>, BusError> {
        let mut cursor = place.cursor.lock().await;
        if !cursor.covers(from) {
            return Ok(None);
        }
        *lock(&place.used) = Instant::now();
        match cursor.take(from, max_records) {
            Ok(Some(records)) => Ok(Some(records)),
            outcome => {
                drop(cursor);
                self.give_up(lane, place);
                outcome?;
                let begin = self.ends.begin(lane).await?;
                if from < begin {
                    return Err(trimmed(lane, from, begin));
                }
                Ok(None)
            }
        }
    }

    /// Returns a place from which `from` is read without a jump.
    async fn place_at(&self, lane: &Lane, from: Offset) -> Option<Arc<Place>> {
        for place in self.places_of(lane) {
            if place.cursor.lock().await.covers(from) {
                return Some(place);
            }
        }
        None
    }

    /// Returns a place at `from`, making one or letting the idlest jump.
    async fn place_for(&self, lane: &Lane, from: Offset) -> Result<Arc<Place>, BusError> {
        if let Some(place) = self.place_at(lane, from).await {
            return Ok(place);
        }
        let begin = self.ends.begin(lane).await?;
        if from < begin {
            return Err(trimmed(lane, from, begin));
        }
        if let Some(place) = self.make_place(lane, from)? {
            return Ok(place);
        }
        let mut places = self.places_of(lane);
        places.sort_by_key(|place| *lock(&place.used));
        let Some(idlest) = places.into_iter().next() else {
            return Err(BusError::Unavailable(format!("reading `{}`", lane.topic)));
        };
        let mut cursor = idlest.cursor.lock().await;
        if !cursor.covers(from) {
            cursor.jump(from)?;
            // Who waited here must look for another place.
            cursor.bell().notify_waiters();
        }
        *lock(&idlest.used) = Instant::now();
        drop(cursor);
        Ok(idlest)
    }

    fn make_place(&self, lane: &Lane, from: Offset) -> Result<Option<Arc<Place>>, BusError> {
        let mut places = lock(&self.places);
        let places = places.entry(lane.clone()).or_default();
        if places.len() >= MAX_PLACES {
            return Ok(None);
        }
        let client = self.client(places.len())?;
        let cursor = Cursor::new(Fetching::begin(&client, lane, from)?, from);
        let place = Arc::new(Place { cursor: AsyncMutex::new(cursor), used: Mutex::new(Instant::now()) });
        places.push(Arc::clone(&place));
        Ok(Some(place))
    }

    /// A place that failed is not used again; those behind it go too, for their clients are counted by place.
    fn give_up(&self, lane: &Lane, failed: &Arc<Place>) {
        let mut places = lock(&self.places);
        if let Some(places) = places.get_mut(lane)
            && let Some(index) = places.iter().position(|place| Arc::ptr_eq(place, failed))
        {
            places.truncate(index);
        }
    }

    fn places_of(&self, lane: &Lane) -> Vec<Arc<Place>> {
        lock(&self.places).get(lane).cloned().unwrap_or_default()
    }

    /// Returns the `index`th client, making it when it is the next.
    fn client(&self, index: usize) -> Result<Client, BusError> {
        let mut clients = lock(&self.clients);
        if let Some(client) = clients.get(index) {
            return Ok(Arc::clone(client));
        }
        let client = listened_to(&clients::reading(&self.options))?;
        clients.push(Arc::clone(&client));
        Ok(client)
    }
}

/// Makes a client and a thread that listens to it for as long as somebody has it.
pub(super) fn listened_to(config: &rdkafka::ClientConfig) -> Result<Client, BusError> {
    let client: BaseConsumer<Speaking> =
        config.create_with_context(Speaking).map_err(|error| BusError::Misfit(reason(&error)))?;
    let client = Arc::new(client);
    let listening = Arc::downgrade(&client);
    std::thread::Builder::new()
        .name("log-reading".to_owned())
        .spawn(move || {
            while let Some(client) = listening.upgrade() {
                if let Some(Err(error)) = client.poll(LISTEN) {
                    clients::tell(&error, "reading");
                }
            }
        })
        .map_err(|error| BusError::Unavailable(format!("starting a thread: {error}")))?;
    Ok(client)
}

pub(super) fn trimmed(lane: &Lane, asked: Offset, begin: Offset) -> BusError {
    let topics = [Topic::Events, Topic::SegmentChanges, Topic::SegmentMemberships, Topic::Errors, Topic::DeadLetters];
    let topic = topics.into_iter().map(Topic::as_str).find(|name| lane.topic.ends_with(name));
    BusError::Trimmed { topic: topic.unwrap_or(super::topics::STATE), asked, begin }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held left a table that is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
