//! The clients of one instance of ingestion-api: at a steady pace, and without any pause when it is about to be killed.
//!
//! An event that is answered before the log has it is lost only if the process ends within milliseconds of the
//! answer. So every client has a request under way when the instance is killed, and goes on until its connection breaks:
//! whoever kills begins a [`Rush`], and clients are told that the instance is gone only after it is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use shoal::Dice;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::crash::load::Client;

/// How many clients each instance has.
pub(super) const CLIENTS: usize = 6;
/// How many events a post has in a rush: few, so that there are many answers shortly before the end.
const RUSH_BATCH: usize = 16;
/// How long a rush lasts before the kill, when everybody takes part.
const RUSH: Duration = Duration::from_millis(100);
/// How long it may take until everybody does.
const GATHERED_WITHIN: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(1);
/// A client whose connection broke waits so long: it will be told soon that nobody is there.
const BROKEN: Duration = Duration::from_millis(5);

/// What the clients of an instance, and whoever kills it, know of each other.
#[derive(Debug, Default)]
pub(super) struct Rush {
    is_on: watch::Sender<bool>,
    under_way: AtomicUsize,
}

/// How much a client posts while nobody is in a rush.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) batch: usize,
    pub(super) interval: Duration,
}

/// A request without an answer.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Rush {
    /// Lets clients post without pauses; returns when they have done so for a while, and how many requests are under way.
    pub(super) async fn begin(&self) -> usize {
        self.is_on.send_replace(true);
        let deadline = Instant::now() + GATHERED_WITHIN;
        while self.under_way() < CLIENTS && Instant::now() < deadline {
            tokio::time::sleep(POLL).await;
        }
        tokio::time::sleep(RUSH).await;
        self.under_way()
    }

    /// Lets clients go back to their pace.
    pub(super) fn end(&self) {
        self.is_on.send_replace(false);
    }

    fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    fn request(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.under_way)
    }

    /// Posts for a client until it is stopped.
    pub(super) async fn post(&self, mut client: Client, mut dice: Dice, pace: Pace) {
        let mut ticks = tokio::time::interval(pace.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_on = self.is_on.subscribe();
        while let Some(ingestion) = client.ingestion().await {
            let batch = if *is_on.borrow() { pace.batch.min(RUSH_BATCH) } else { pace.batch };
            let bodies: Vec<Value> = (0..batch).map(|_| client.choose(&mut dice)).collect();
            let request = self.request();
            let is_answered = client.post_batch(&ingestion, &bodies).await;
            drop(request);
            if !is_answered {
                tokio::time::sleep(BROKEN).await;
            }
            tokio::select! {
                _ = ticks.tick() => {}
                _ = is_on.wait_for(|is_on| *is_on) => {}
            }
        }
    }
}
