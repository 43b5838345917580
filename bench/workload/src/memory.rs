//! How much memory a thread holds, and the process.
//!
//! What users take is what their thread has asked the allocator for and not given back: exact, and
//! independent of what else was in the process before. The resident set, which the kernel counts, is
//! shown beside it: it holds the allocator's spare room as well.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

use anyhow::Context as _;
use tikv_jemallocator::Jemalloc;

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
        unsafe { Jemalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as the caller promises.
        unsafe { Jemalloc.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as the caller promises.
        unsafe { Jemalloc.realloc(pointer, layout, size) }
    }
}

/// Returns the resident set in bytes, as the kernel counts it.
pub(crate) fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading the memory of this process")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")).context("finding the resident set")?;
    Ok(kibibytes.trim().parse::<u64>().context("reading the resident set")? * 1024)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{Catalog, Engine, Footprint, PartitionClock};
    use schema::{Decimal, Definitions, Generation, LogRecord, Timestamp, UserId};

    use super::*;

    const USERS: i64 = 200;
    const EVENTS: usize = 40;
    const MINUTE: i64 = 60_000_000;
    /// How far estimate and measure may be apart, either way: the allocator's spare room is not estimated.
    const FACTOR: f64 = 2.0;
    /// What a user's timer takes, which no estimate counts: it is one for all that changes with time.
    const TIMER_BYTES: f64 = 64.0;

    fn events(user: i64) -> impl Iterator<Item = LogRecord> {
        (0..EVENTS).map(move |at| {
            let time = Timestamp::from_micros(at as i64 * MINUTE);
            let id = (user as u128) << 32 | at as u128;
            let mut event = testkit::event(UserId(user), id, "product_purchased", time);
            event.order_total = Decimal::parse_column("12.5", 18, 4).ok();
            event.region = Some(format!("a region of some length {}", at % 10).into());
            event.order_id = Some(format!("an order's number is so {at}").into());
            LogRecord::Event(event)
        })
    }

    /// What users with these events take for the segments.
    fn held_per_user(clause: &str) -> f64 {
        let segments = vec![testkit::definition(1, clause)];
        let catalog = Catalog::freeze(&Definitions { generation: Generation(1), segments }).unwrap();
        let mut engine = Engine::new(Arc::new(catalog), PartitionClock::default());
        let before = held_bytes();
        for user in 0..USERS {
            for event in events(user) {
                drop(engine.apply(&event, event.received_at()));
            }
        }
        (held_bytes() - before) as f64 / USERS as f64
    }

    #[track_caller]
    fn check(clause: &str, kept: usize) {
        let measured = held_per_user(clause) - held_per_user("");
        let plan = rules::plan::plan(&rules::compile(clause).rule.unwrap()).unwrap();
        let estimated: usize = plan.aggregates.iter().map(|spec| Footprint::of(spec).with_events(kept)).sum();
        let estimated = estimated as f64;
        let apart = measured > estimated * FACTOR + TIMER_BYTES || estimated > measured * FACTOR + TIMER_BYTES;
        assert!(!apart, "{clause}: estimated {estimated}, measured {measured}");
    }

    #[test]
    fn the_estimate_of_a_plan_is_within_a_factor_of_two_of_what_is_held() {
        const SINCE: &str = "created_at > now() - INTERVAL 1 DAY";
        check(&format!("EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.{SINCE})"), 1);
        check("count(*) >= 10", EVENTS);
        check(&format!("count(*) FILTER (WHERE {SINCE}) >= 30"), EVENTS);
        check(&format!("count(*) FILTER (WHERE {SINCE}) >= 100"), EVENTS);
        check("sum(order_total) > 5", EVENTS);
        check(&format!("sum(order_total) FILTER (WHERE {SINCE}) > 5"), EVENTS);
        check(&format!("avg(order_total) FILTER (WHERE {SINCE}) > 5"), EVENTS);
        check("arg_max(region, created_at) = 'x'", 1);
        check("max(created_at) < now() - INTERVAL 1 DAY", 1);
        check("count(DISTINCT order_id) >= 100", EVENTS);
        check("count(DISTINCT region) >= 100", 10);
        check(&format!("min(order_total) FILTER (WHERE {SINCE}) > 5"), 1);
        let pairs = "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = events.order_id)";
        check(pairs, EVENTS);
        check(&format!("{pairs} AND count(*) FILTER (WHERE {SINCE}) >= 30"), EVENTS);
    }
}
