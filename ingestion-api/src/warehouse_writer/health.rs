//! Whether the writer still writes all partitions, for those who ask while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::metrics;

/// Whether some partition's writer has stopped for good.
#[derive(Clone, Debug, Default)]
pub struct WriterHealth(Arc<AtomicBool>);

impl WriterHealth {
    /// Returns what an operator should know, `None` when all is well.
    pub fn note(&self) -> Option<&'static str> {
        self.0.load(Ordering::Acquire).then_some("the history is not written any more: see the log of this process")
    }

    /// Notes that a partition is not written any more, loudly.
    pub(crate) fn stopped(&self, error: &anyhow::Error) {
        self.0.store(true, Ordering::Release);
        metrics::writer_failed();
        tracing::error!(error = format!("{error:#}"), "the warehouse writer stopped; events wait in the log");
    }
}
