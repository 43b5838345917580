//! How much memory a thread holds, and the process.
//!
//! What users take is what their thread has asked the allocator for and not given back: exact, and
//! independent of what else was in the process before. The resident set, which the kernel counts, is
//! shown beside it: it holds the allocator's spare room as well.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use anyhow::Context as _;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// Returns the bytes that this thread has allocated and not given back.
pub(crate) fn held_bytes() -> i64 {
    HELD.get()
}

/// The system's allocator, counting.
#[derive(Debug)]
pub(crate) struct CountingAllocator;

fn count(bytes: i64) {
    // A thread that is ending has nothing left to count.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; all of it is left to the system's")]
// SAFETY: every call is passed on unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Returns the resident set in bytes, as the kernel counts it.
pub(crate) fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading the memory of this process")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")).context("finding the resident set")?;
    Ok(kibibytes.trim().parse::<u64>().context("reading the resident set")? * 1024)
}
