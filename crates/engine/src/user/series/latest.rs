//! The latest value of a column, by time and event: deadline, time, event id in two cells, the value.
//!
//! A value that some rule asks for is the number of that constant; any other one is kept as text,
//! because a rule of the next catalog may ask for it.

use schema::EventId;
use uuid::Uuid;

use super::NEVER;
use super::slab::Slab;
use crate::catalog::{LatestSpec, SeriesCondition};

/// Behind the deadline, which is never.
const TIME: usize = 1;
const ID: usize = 2;
const VALUE: usize = 4;
const BYTES_PER_CELL: usize = 8;

/// Returns the cells of a value.
pub(super) fn packed(spec: &LatestSpec, time: i64, event_id: EventId, text: &str) -> Vec<i64> {
    let id = event_id.0.as_u128();
    let mut cells = vec![NEVER, time, (id >> 64) as i64, id as i64];
    push_value(spec, text, &mut cells);
    cells
}

/// A constant is its number; a text is its length, negative and less one, and then its bytes.
fn push_value(spec: &LatestSpec, text: &str, cells: &mut Vec<i64>) {
    if let Some(constant) = spec.number_of(text) {
        cells.push(i64::from(constant));
        return;
    }
    cells.push(-1 - text.len() as i64);
    cells.extend(text.as_bytes().chunks(BYTES_PER_CELL).map(|bytes| {
        let mut cell = [0; BYTES_PER_CELL];
        cell[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(cell)
    }));
}

fn place(cells: &[i64]) -> (i64, u128) {
    (cells[TIME], (u128::from(cells[ID] as u64) << 64) | u128::from(cells[ID + 1] as u64))
}

/// Returns time, event and value.
pub(super) fn plain(spec: &LatestSpec, cells: &[i64]) -> (i64, EventId, String) {
    let (time, id) = place(cells);
    (time, EventId(Uuid::from_u128(id)), text(spec, cells))
}

fn text(spec: &LatestSpec, cells: &[i64]) -> String {
    match usize::try_from(cells[VALUE]) {
        Ok(constant) => spec.constants[constant].to_string(),
        Err(_) => {
            let length = (-1 - cells[VALUE]) as usize;
            let mut bytes: Vec<u8> = cells[VALUE + 1..].iter().flat_map(|cell| cell.to_le_bytes()).collect();
            bytes.truncate(length);
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

/// Returns whether the value is that text.
fn is(spec: &LatestSpec, cells: &[i64], text: &str) -> bool {
    match usize::try_from(cells[VALUE]) {
        Ok(constant) => &*spec.constants[constant] == text,
        Err(_) => {
            (-1 - cells[VALUE]) as usize == text.len()
                && text
                    .as_bytes()
                    .chunks(BYTES_PER_CELL)
                    .zip(&cells[VALUE + 1..])
                    .all(|(bytes, cell)| cell.to_le_bytes().starts_with(bytes))
        }
    }
}

/// Folds an event; returns whether the value changed.
pub(super) fn insert(slab: &mut Slab, at: usize, spec: &LatestSpec, time: i64, event_id: EventId, text: &str) -> bool {
    let cells = slab.cells_mut(at);
    let id = event_id.0.as_u128();
    if (time, id) < place(cells) {
        return false;
    }
    cells[TIME] = time;
    cells[ID] = (id >> 64) as i64;
    cells[ID + 1] = id as i64;
    if is(spec, cells, text) {
        return false;
    }
    let mut value = Vec::new();
    push_value(spec, text, &mut value);
    let length = cells.len();
    if length - VALUE == value.len() {
        cells[VALUE..].copy_from_slice(&value);
    } else {
        slab.remove_cells(at, VALUE..length);
        slab.insert_cells(at, VALUE, &value);
    }
    true
}

/// Returns whether a condition holds.
pub(super) fn holds(cells: &[i64], condition: SeriesCondition) -> bool {
    match condition {
        SeriesCondition::Is { constant } => cells[VALUE] == i64::from(constant),
        SeriesCondition::IsKnown => true,
        _ => false,
    }
}
