//! The log on one machine: a fjall database, one thread that writes, one sync to disk for all who wait.
//!
//! Records, state, changes and the position are keyspaces of one database with one journal, so that a
//! commit is one atomic batch and a crash leaves a prefix of what was written, never a selection.
//! What Kafka gives the distributed form (partitions, fencing, compaction, retention) is here as far
//! as one process needs it. The history of events is another database, see `warehouse::embedded`.

mod draft;
mod embedded_log;
mod failure;
mod keys;
mod keyspaces;
mod lane;
mod options;
mod owner;
mod reading;
mod request;
mod restoring;
mod retention;
mod shared;
mod space;
mod stored;
mod whole;
mod writing;

pub use embedded_log::EmbeddedLog;
pub use options::EmbeddedLogOptions;
pub use owner::{EmbeddedOwner, EmbeddedOwnership};
pub use whole::make_whole;
