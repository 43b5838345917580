//! The same in the distributed form: services are killed, added and removed, store and warehouse go away.
//!
//! Two instances of ingestion-api, three segmenters (more come, some go), one config-api, on a real Kafka,
//! a real Postgres and a real Databend. Clients, editor, subscriber and the comparison at the end are those of the crash
//! run; [`fleet`] is who runs, [`trouble`] and [`absence`] what happens to them, [`rush`] how clients post when it does, [`run`](mod@run) the whole, and
//! [`rendered`] what SQL on Databend says of its end.

mod absence;
mod fleet;
mod rendered;
mod report;
mod run;
mod rush;
mod trouble;

pub use absence::History;
pub use report::ChaosReport;
pub use run::{ChaosOptions, run};
