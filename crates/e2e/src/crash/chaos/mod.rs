//! The same in the distributed form: services are killed, added and removed, the store goes away.
//!
//! Two instances of ingestion-api, three segmenters (more come, some go), one config-api, on a real Kafka
//! and a real Postgres. Clients, editor, subscriber and the comparison at the end are those of the crash
//! run; [`fleet`] is who runs, [`trouble`] what happens to them, [`run`](mod@run) the whole.

mod fleet;
mod report;
mod run;
mod trouble;

pub use report::ChaosReport;
pub use run::{ChaosOptions, run};
