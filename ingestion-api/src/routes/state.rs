//! What every request shares.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use schema::Timestamp;
use service::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::accept::Intake;
use crate::config::IngestConfig;
use crate::refusal::overloaded;

/// In which unit memory for bodies is handed out.
const UNIT_BYTES: usize = 1024;

/// What every request shares; cheap to clone.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) intake: Intake,
    pub(crate) limits: Arc<IngestConfig>,
    pub(crate) max_body_bytes: usize,
    memory: Arc<Semaphore>,
}

impl ApiState {
    pub(crate) fn new(intake: Intake, limits: IngestConfig, max_body_bytes: usize) -> Self {
        let units = limits.max_in_flight_bytes.div_ceil(UNIT_BYTES).min(Semaphore::MAX_PERMITS);
        Self { intake, limits: Arc::new(limits), max_body_bytes, memory: Arc::new(Semaphore::new(units)) }
    }

    /// Sets memory for a body aside until the permit is dropped; refuses when there is none left.
    pub(super) fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).map_err(|_| overloaded())?;
        self.memory.clone().try_acquire_many_owned(units).map_err(|_| overloaded())
    }
}

/// Reads the clock: the one place here that does.
pub(super) fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
