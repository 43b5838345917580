//! Keeping the process responsive while a partition computes: HTTP runs on the same threads.

use tokio::runtime::{Handle, RuntimeFlavor};

/// After how many records or users a loop gives other tasks a turn: about a millisecond of a debug build.
pub(crate) const YIELD_EVERY: usize = 64;

/// Runs a computation that may take long, without holding up the other tasks of its thread.
pub(crate) fn run_long<T>(compute: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(compute),
        // A runtime of one thread has no other to hand its tasks to.
        _ => compute(),
    }
}
