//! Whose turn it is: each preview reads all of the history, so few run at the same time, and few wait.

use std::time::Duration;

use axum::http::StatusCode;
use service::problem::Problem;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::config::PreviewConfig;

/// After how many seconds to try again when too many wait.
const RETRY_AFTER_SECONDS: u64 = 5;

/// The turns of one process.
pub(crate) struct Turns {
    running: Semaphore,
    /// Those who run and those who wait.
    present: Semaphore,
    timeout: Duration,
}

/// A turn; dropping it gives it to the next.
pub(super) struct Turn<'a> {
    _present: SemaphorePermit<'a>,
    _running: SemaphorePermit<'a>,
}

impl Turns {
    pub(crate) fn new(config: &PreviewConfig) -> Self {
        Self {
            running: Semaphore::new(config.at_once),
            present: Semaphore::new(config.at_once + config.max_waiting),
            timeout: config.timeout(),
        }
    }

    /// Waits for a turn, unless too many do.
    pub(super) async fn take(&self) -> Result<Turn<'_>, Problem> {
        let too_many = |_| {
            let detail = "as many previews run and wait as may";
            Problem::unavailable("too_many_previews", detail, RETRY_AFTER_SECONDS)
        };
        let present = self.present.try_acquire().map_err(too_many)?;
        let running = self.running.acquire().await.map_err(Problem::internal)?;
        Ok(Turn { _present: present, _running: running })
    }

    /// Ends what takes too long, waiting included, or longer than the service runs.
    pub(super) async fn within<T>(
        &self,
        shutdown: &CancellationToken,
        preview: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            previewed = preview => previewed,
            () = tokio::time::sleep(self.timeout) => Err(took_too_long(self.timeout)),
            () = shutdown.cancelled() => {
                Err(Problem::unavailable("shutting_down", "the service is stopping", RETRY_AFTER_SECONDS))
            }
        }
    }
}

fn took_too_long(timeout: Duration) -> Problem {
    let detail = format!("the preview was not done in {} ms, which is as long as one may take", timeout.as_millis());
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "preview_took_too_long", detail)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn turns(at_once: usize, max_waiting: usize, timeout_ms: u64) -> Turns {
        Turns::new(&PreviewConfig { at_once, max_waiting, timeout_ms })
    }

    #[tokio::test]
    async fn some_wait_for_their_turn_and_further_ones_are_told_to_come_again() {
        let turns = turns(1, 1, 60_000);
        let first = turns.take().await.unwrap();
        let waiting = turns.take();
        tokio::pin!(waiting);
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        let refused = turns.take().await.err().unwrap();
        assert_eq!((refused.code, refused.retry_after_seconds), ("too_many_previews", Some(RETRY_AFTER_SECONDS)));
        drop(first);
        let second = waiting.await.unwrap();
        drop(second);
        assert!(turns.take().await.is_ok(), "whoever gave up its turn leaves room");
    }

    #[tokio::test]
    async fn what_takes_too_long_is_ended_and_so_is_everything_at_shutdown() {
        let (turns, shutdown) = (turns(1, 0, 10), CancellationToken::new());
        let ended = turns.within(&shutdown, pending::<Result<(), Problem>>()).await.unwrap_err();
        assert_eq!(ended.code, "preview_took_too_long");
        let holding = async {
            let _turn = turns.take().await?;
            pending::<Result<(), Problem>>().await
        };
        turns.within(&shutdown, holding).await.unwrap_err();
        assert!(turns.take().await.is_ok(), "what is ended gives up its turn");
        let patient = self::turns(1, 0, 600_000);
        shutdown.cancel();
        let ended = patient.within(&shutdown, pending::<Result<(), Problem>>()).await.unwrap_err();
        assert_eq!(ended.code, "shutting_down");
    }
}
