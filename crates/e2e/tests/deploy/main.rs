//! What operators start from: the compose file, the images, the manifests, the dashboard and the alerts.
//!
//! They are text that no compiler reads, and a container engine is not everywhere. So their promises are
//! checked against the code that they configure: variables against the tables of the processes, ports
//! against the defaults, stages and volumes against each other, metrics against those that are measured.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it must be")]

mod files;
mod services;

mod compose;
mod dockerfile;
mod kubernetes;
mod metrics;
mod not_run;
