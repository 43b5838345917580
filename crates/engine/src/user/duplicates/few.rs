//! A handful of remembered ids: the end of a slab's tail, three cells each, in the order of the log.

use schema::{DUPLICATE_WINDOW_MICROS, EventId, Timestamp};
use uuid::Uuid;

use crate::user::Slab;

/// When in log time it was counted, and its id.
const CELLS_PER_ID: usize = 3;

/// Remembers an event, given where in the tail the ids begin; returns how many there are then, or nothing when it
/// is remembered already.
pub(super) fn count(slab: &mut Slab, from: usize, event_id: EventId, log_time: Timestamp) -> Option<usize> {
    let [_, high, low] = cells_of(log_time, event_id);
    let ids = &slab.tail()[from..];
    let oldest = log_time.plus_micros(-DUPLICATE_WINDOW_MICROS).as_micros();
    let counts = |id: &[i64]| id[0] >= oldest;
    if ids.chunks_exact(CELLS_PER_ID).any(|id| id[2] == low && id[1] == high && counts(id)) {
        return None;
    }
    let forgotten = ids.chunks_exact(CELLS_PER_ID).take_while(|id| !counts(id)).count();
    let remembered = ids.len() / CELLS_PER_ID - forgotten;
    match forgotten {
        0 => push(slab, log_time, event_id),
        // As many as before: they move up.
        1 => {
            let ids = &mut slab.tail_mut()[from..];
            ids.copy_within(CELLS_PER_ID.., 0);
            ids[(remembered * CELLS_PER_ID)..].copy_from_slice(&[log_time.as_micros(), high, low]);
        }
        _ => {
            slab.cut_tail(from..from + forgotten * CELLS_PER_ID);
            push(slab, log_time, event_id);
        }
    }
    Some(remembered + 1)
}

pub(super) fn push(slab: &mut Slab, at: Timestamp, event_id: EventId) {
    slab.extend_tail(&cells_of(at, event_id));
}

/// Returns all of them, also some that are forgotten.
pub(super) fn all(slab: &Slab, from: usize) -> impl Iterator<Item = (Timestamp, EventId)> {
    let ids = slab.tail()[from..].chunks_exact(CELLS_PER_ID);
    ids.map(|id| (Timestamp::from_micros(id[0]), EventId(Uuid::from_u64_pair(id[1] as u64, id[2] as u64))))
}

pub(super) fn clear(slab: &mut Slab, from: usize) {
    slab.cut_tail(from..slab.tail().len());
}

fn cells_of(at: Timestamp, EventId(id): EventId) -> [i64; CELLS_PER_ID] {
    let (high, low) = id.as_u64_pair();
    [at.as_micros(), high as i64, low as i64]
}
