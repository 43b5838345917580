//! Runs the history through the engine, partition by partition, as a backfill does, and counts who comes out.
//!
//! It is the engine's own absorption and switch, so what is counted is what would be live. Of a partition only what
//! the clauses keep of its users is in memory, and of a large one only a share of its users at a time. Pages are
//! folded on threads for blocking work, with a rest after each: the events of now come first. Whoever drops the
//! future ends it, at the latest with the page that is being folded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Catalog, Engine, PartitionClock};
use schema::{Definitions, EventId, LogRecord, Offset, PartitionId, Payload, StandingTraits};
use schema::{Timestamp, UserId, UserTraits};
use serde_json::value::RawValue;
use service::problem::Problem;
use warehouse::{HistoryRow, PartitionTraits, Warehouse};

use super::question::Question;
use super::tally::{Tally, rank};
use crate::web::warehouse_problem;

/// Rows of one page of the history.
const PAGE_ROWS: usize = 4_096;
/// Of how many users anything is kept at a time: a hundred megabytes or two, of most clauses.
const USERS_AT_ONCE: usize = 200_000;
/// Into how many shares the users of a partition are divided at most: each is a way through the partition.
const MOST_SHARES: u64 = 1_024;
/// How much longer a page takes than its rest.
const REST: u32 = 2;

/// A way through the history.
pub(super) struct Folder<'a> {
    pub(super) warehouse: &'a dyn Warehouse,
    pub(super) question: &'a Question,
    /// The instant at which is decided.
    pub(super) as_of: Timestamp,
    /// How many users are named of each group.
    pub(super) sample: usize,
    /// Of how many users anything is kept at a time.
    pub(super) users_at_once: usize,
}

/// What came out, of the records before these positions.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) tally: Tally,
    /// How many events were folded.
    pub(super) events: u64,
    /// By partition.
    pub(super) positions: Vec<Offset>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(warehouse: &'a dyn Warehouse, question: &'a Question, as_of: Timestamp, sample: usize) -> Self {
        Self { warehouse, question, as_of, sample, users_at_once: USERS_AT_ONCE }
    }

    /// Folds the history before these positions. Where what was said of users matters, a partition's is of later: of
    /// when that was read.
    pub(super) async fn fold(&self, mut positions: Vec<Offset>) -> Result<Folded, Problem> {
        let (mut tally, mut events, mut shares) = (Tally::default(), 0, 1);
        for (partition, position) in (0..).map(PartitionId).zip(&mut positions) {
            let said = self.said(partition, position).await?;
            let (of_partition, folded) = self.partition(partition, *position, &said, &mut shares).await?;
            tally.add(of_partition, self.sample);
            events += folded;
        }
        Ok(Folded { tally, events, positions })
    }

    async fn said(
        &self,
        partition: PartitionId,
        position: &mut Offset,
    ) -> Result<Arc<Vec<(UserId, StandingTraits)>>, Problem> {
        if !self.question.reads_traits {
            return Ok(Arc::default());
        }
        let traits = self.warehouse.partition_traits(partition).await.map_err(warehouse_problem)?;
        let PartitionTraits { before, users } = traits;
        *position = before;
        Ok(Arc::new(users))
    }

    /// Folds a partition, in so many shares of its users that each fits.
    async fn partition(
        &self,
        partition: PartitionId,
        before: Offset,
        said: &Arc<Vec<(UserId, StandingTraits)>>,
        shares: &mut u64,
    ) -> Result<(Tally, u64), Problem> {
        'again: loop {
            let (mut tally, mut events) = (Tally::default(), 0);
            for index in 0..*shares {
                let share = Share { index, of: *shares };
                let Some((of_share, folded)) = self.share(partition, before, said, share).await? else {
                    *shares *= 2;
                    continue 'again;
                };
                tally.add(of_share, self.sample);
                events += folded;
            }
            return Ok((tally, events));
        }
    }

    /// Folds a share of a partition's users; `None` when they are too many.
    async fn share(
        &self,
        partition: PartitionId,
        before: Offset,
        said: &Arc<Vec<(UserId, StandingTraits)>>,
        share: Share,
    ) -> Result<Option<(Tally, u64)>, Problem> {
        let (question, as_of, said) = (self.question.clone(), self.as_of, Arc::clone(said));
        let mut folding = blocking(move || Folding::begin(question, as_of, share, &said)).await??;
        let mut cursor = None;
        loop {
            let began = Instant::now();
            let page = self.warehouse.history(partition, before, cursor, PAGE_ROWS).await.map_err(warehouse_problem)?;
            folding = blocking(move || folding.absorbed(&page.rows)).await?;
            if folding.engine.user_count() > self.users_at_once && share.of < MOST_SHARES {
                return Ok(None);
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
            rest(began.elapsed()).await;
        }
        let (sample, events) = (self.sample, folding.events);
        let tally = blocking(move || folding.end(sample)).await?;
        Ok(Some((tally, events)))
    }
}

async fn rest(worked: Duration) {
    tokio::time::sleep(worked / REST).await;
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

/// Some of the users of a partition.
#[derive(Clone, Copy)]
struct Share {
    index: u64,
    of: u64,
}

impl Share {
    fn has(self, user_id: UserId) -> bool {
        self.of == 1 || rank(user_id) % self.of == self.index
    }
}

/// Users on their way through the engine.
struct Folding {
    engine: Engine,
    question: Question,
    as_of: Timestamp,
    share: Share,
    events: u64,
}

impl Folding {
    /// Begins with what was said: whoever has no event stays out, as ever.
    fn begin(
        question: Question,
        as_of: Timestamp,
        share: Share,
        said: &[(UserId, StandingTraits)],
    ) -> Result<Self, Problem> {
        let nothing = Arc::new(Catalog::freeze(&Definitions::default()).map_err(Problem::internal)?);
        let mut engine = Engine::new(nothing, PartitionClock { now: as_of, log_time: as_of });
        for (user_id, standing) in said.iter().filter(|(user_id, _)| share.has(*user_id)) {
            for (at, words) in standing.words() {
                engine.apply(&LogRecord::Traits(said_at(*user_id, at, words)?), as_of);
            }
        }
        engine.begin_absorbing(Arc::clone(&question.catalog));
        Ok(Self { engine, question, as_of, share, events: 0 })
    }

    fn absorbed(mut self, rows: &[HistoryRow]) -> Self {
        for row in rows.iter().filter(|row| self.share.has(row.event.user_id)) {
            self.engine.absorb(&row.event);
            self.events += 1;
        }
        self
    }

    /// Decides everybody, and counts.
    fn end(mut self, sample: usize) -> Tally {
        let mut tally = Tally::default();
        let Question { asked, live, everybody, .. } = self.question;
        for change in self.engine.switch_catalog(self.as_of) {
            let is_in = |segment_id| change.in_segments.contains(&segment_id);
            if is_in(everybody) {
                tally.take(change.user_id, is_in(asked), live.is_some_and(is_in), sample);
            }
        }
        tally
    }
}

fn said_at(user_id: UserId, at: Timestamp, words: String) -> Result<UserTraits, Problem> {
    let traits = Payload::new(RawValue::from_string(words).map_err(Problem::internal)?);
    Ok(UserTraits { user_id, event_id: EventId(uuid::Uuid::nil()), created_at: at, received_at: at, traits })
}
