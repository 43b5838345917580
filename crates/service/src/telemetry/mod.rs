//! Logs, metrics and traces of a process.
//!
//! [`init`] is safe to call more than once in a process (`shoal up` runs three services, tests run
//! many): the first call decides, later ones return the same guard. Metrics are recorded even
//! without it.

mod logs;
mod metrics;
mod traces;

pub use logs::{Telemetry, init};
pub use metrics::{meter, metrics_router, render};
