//! Reading the history of a partition up to a seam, page by page, beside the live traffic.
//!
//! A reader waits until the warehouse writer has passed the seam: from there on the rows below it
//! can only shrink by deletions, and each is read once. Pages go through a short channel, so that
//! the owner decides how fast history flows and memory is bounded; at most `history_readers`
//! partitions read at once, and [`SWITCHES_AT_ONCE`] switch. What a page does is `owner::absorption`.

use std::sync::Arc;
use std::time::Duration;

use schema::{Offset, PartitionId};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use warehouse::{HistoryCursor, HistoryPage, HistoryRow, Warehouse, WarehouseError};

/// How many pages wait for an owner, so that it finds the next one when it has absorbed one.
const PAGES_AHEAD: usize = 4;
/// How many partitions switch at once: each looks at all of its users, and live traffic wants the other cores.
const SWITCHES_AT_ONCE: usize = 2;
/// How old an answer of `positions` may be: all waiting partitions share one question.
const POSITIONS_AGE: Duration = Duration::from_millis(20);
/// How many times as long as an answer took it may be old, up to a bound: a server takes tens of milliseconds of a
/// core, which the writer that is waited for wants too.
const POSITIONS_PAUSES: u32 = 4;
const LONGEST_POSITIONS_AGE: Duration = Duration::from_millis(250);
/// The first wait after the warehouse did not answer.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait after the warehouse did not answer.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Where a partition's history ends and its live events begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seam {
    pub(crate) partition: PartitionId,
    /// The first record that comes live.
    pub(crate) before: Offset,
}

/// What a reader hands over.
#[derive(Debug)]
pub(crate) enum HistoryPart {
    /// About how many rows there are, before any of them; and exactly, behind the last one.
    Total(u64),
    /// Some rows below the seam.
    Rows(Vec<HistoryRow>),
    /// There are no more, and it is this partition's turn to switch.
    End,
    /// The history cannot be read, and trying again will not help.
    Unreadable(WarehouseError),
}

/// A reading under way; dropping it ends it.
pub(crate) struct HistoryReader {
    parts: mpsc::Receiver<HistoryPart>,
    _task: AbortOnDropHandle<()>,
}

impl HistoryReader {
    /// Returns the next part if it is there already.
    pub(crate) fn next_ready(&mut self) -> Option<HistoryPart> {
        self.parts.try_recv().ok()
    }

    /// Waits for the next part; keeps nothing back when the wait is given up.
    pub(crate) async fn next(&mut self) -> HistoryPart {
        // The task hands over `End` or `Unreadable` before it ends, unless it panicked.
        self.parts.recv().await.unwrap_or_else(|| {
            HistoryPart::Unreadable(WarehouseError::Damaged("the reader of the history ended early".to_owned()))
        })
    }
}

/// How far each partition was written when it was asked last.
#[derive(Default)]
struct Written {
    positions: Vec<Offset>,
    /// `None` before the first question.
    good_until: Option<Instant>,
}

/// The warehouse as the owners of this process share it.
pub(crate) struct History {
    warehouse: Arc<dyn Warehouse>,
    page_rows: usize,
    readers: Semaphore,
    switches: Semaphore,
    written: Mutex<Written>,
}

impl History {
    pub(crate) fn new(warehouse: Arc<dyn Warehouse>, page_rows: usize, readers: usize) -> Self {
        let (readers, switches) = (Semaphore::new(readers), Semaphore::new(SWITCHES_AT_ONCE));
        Self { warehouse, page_rows, readers, switches, written: Mutex::default() }
    }

    /// Starts to read what lies below the seam; without a seam there is nothing to read, only a turn to wait for.
    pub(crate) fn read(self: &Arc<Self>, seam: Option<Seam>) -> HistoryReader {
        let (sender, parts) = mpsc::channel(PAGES_AHEAD);
        let history = Arc::clone(self);
        let task = tokio::spawn(async move {
            let read = match seam {
                Some(seam) => history.read_below(seam, &sender).await,
                None => Ok(()),
            };
            // The turn lasts until the owner has switched and dropped the reader.
            let _turn = history.switches.acquire().await;
            let last = read.map_or_else(HistoryPart::Unreadable, |()| HistoryPart::End);
            // An owner that is gone needs no answer.
            let _ = sender.send(last).await;
            sender.closed().await;
        });
        HistoryReader { parts, _task: AbortOnDropHandle::new(task) }
    }

    async fn read_below(&self, seam: Seam, parts: &mpsc::Sender<HistoryPart>) -> Result<(), WarehouseError> {
        let began = Instant::now();
        self.wait_until_written(seam).await?;
        let written_ms = began.elapsed().as_millis();
        // Before its turn to read: how long everything takes is known only when all have counted.
        if parts.send(HistoryPart::Total(self.count(seam).await?)).await.is_err() {
            return Ok(());
        }
        let Ok(_permit) = self.readers.acquire().await else { return Ok(()) };
        let (in_turn_ms, mut rows, mut asking) = (began.elapsed().as_millis(), 0_u64, Duration::ZERO);
        let mut cursor = None;
        loop {
            let asked_at = Instant::now();
            let page = self.page(seam, cursor).await?;
            asking += asked_at.elapsed();
            rows += page.rows.len() as u64;
            if parts.send(HistoryPart::Rows(page.rows)).await.is_err() {
                return Ok(());
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        tracing::debug!(
            log.partition = seam.partition.0,
            log.offset = seam.before,
            rows,
            written_ms,
            in_turn_ms,
            read_ms = began.elapsed().as_millis(),
            asking_ms = asking.as_millis(),
            "history read"
        );
        // An owner that is gone needs no answer.
        let _ = parts.send(HistoryPart::Total(rows)).await;
        Ok(())
    }

    /// Waits until the writer has passed the seam.
    ///
    /// A user's records lie in one partition, because there are no merges yet; with them, an absorbed
    /// user's records lie in others too, and this must wait for all partitions.
    async fn wait_until_written(&self, seam: Seam) -> Result<(), WarehouseError> {
        let mut trouble = Trouble::default();
        loop {
            match self.written(seam.partition).await {
                Ok(next) if next >= seam.before => return Ok(()),
                Ok(_) => tokio::time::sleep(POSITIONS_AGE).await,
                Err(error) => trouble.after(seam, error).await?,
            }
        }
    }

    async fn written(&self, partition: PartitionId) -> Result<Offset, WarehouseError> {
        let mut written = self.written.lock().await;
        if written.good_until.is_none_or(|until| Instant::now() >= until) {
            let asked_at = Instant::now();
            let positions = self.warehouse.positions().await?;
            let good_for = (asked_at.elapsed() * POSITIONS_PAUSES).clamp(POSITIONS_AGE, LONGEST_POSITIONS_AGE);
            *written = Written { positions, good_until: Some(Instant::now() + good_for) };
        }
        Ok(written.positions.get(usize::from(partition.0)).copied().unwrap_or(0))
    }

    async fn count(&self, seam: Seam) -> Result<u64, WarehouseError> {
        let mut trouble = Trouble::default();
        loop {
            match self.warehouse.history_rows(seam.partition, seam.before).await {
                Ok(rows) => return Ok(rows),
                Err(error) => trouble.after(seam, error).await?,
            }
        }
    }

    async fn page(&self, seam: Seam, cursor: Option<HistoryCursor>) -> Result<HistoryPage, WarehouseError> {
        let mut trouble = Trouble::default();
        loop {
            let asked = self.warehouse.history(seam.partition, seam.before, cursor.clone(), self.page_rows).await;
            match asked {
                Ok(page) => return Ok(page),
                Err(error) => trouble.after(seam, error).await?,
            }
        }
    }
}

/// Waits longer after each error in a row; logs the first.
#[derive(Default)]
struct Trouble {
    wait: Option<Duration>,
}

impl Trouble {
    async fn after(&mut self, seam: Seam, error: WarehouseError) -> Result<(), WarehouseError> {
        if let WarehouseError::Damaged(_) = error {
            return Err(error);
        }
        let wait = match self.wait {
            Some(wait) => (wait * 2).min(LONGEST_WAIT),
            None => {
                tracing::warn!(log.partition = seam.partition.0, %error, "waiting for the warehouse to read history");
                FIRST_WAIT
            }
        };
        self.wait = Some(wait);
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
