//! What nearly every event does to a row: it comes last, and says what is known.
//!
//! The usual way of [`usual`](super::super::usual) for latest values; whatever else an event does to a row is left to
//! the rest of [`latest`](super).

use schema::Event;

use super::code::Code;
use super::{FROM_BITS, FROM_MASK, From, Place, ROW, Row, TIME, VALUES, Value, cells_of, place_at};

/// Folding an event that changes as little as most do.
pub(in crate::user::series) struct Repeating<'a, F> {
    pub(in crate::user::series) cells: &'a mut [i64],
    pub(in crate::user::series) row: Row<'a>,
    /// Whether a short text may take the place of another one because this flips nothing.
    pub(in crate::user::series) may_change: F,
}

impl<F: Fn(usize, &str) -> bool> Repeating<'_, F> {
    /// Folds an event that comes last and says of each column what is the row's value already, as most events do, or a
    /// short text in place of one where this flips nothing; for any other one it returns false and changes nothing that
    /// matters.
    #[inline(always)]
    pub(in crate::user::series) fn all<'t>(
        &mut self,
        event: &Event,
        texts: impl Iterator<Item = Option<&'t str>>,
    ) -> bool {
        let place = (event.created_at.as_micros(), event.event_id.0.as_u128());
        if self.cells.get(TIME).is_none_or(|time| place.0 <= *time) && self.is_before_row(place) {
            return false;
        }
        let mut at = VALUES;
        for (number, text) in texts.enumerate() {
            let (Some(head), Some(text)) = (self.cells.get(at).copied(), text) else { return false };
            let code = Code::of_short(text);
            let cells = if code.is_some_and(|code| Value::head(From::Row, code) == head) {
                Some(0)
            } else {
                self.other(number, at, text)
            };
            let Some(cells) = cells else { return false };
            at += 1 + cells;
        }
        let Some(first) = self.cells.get_mut(TIME..VALUES) else { return false };
        first.copy_from_slice(&cells_of(place));
        true
    }

    fn is_before_row(&self, place: Place) -> bool {
        self.cells.len() < VALUES || place < place_at(self.cells, TIME)
    }

    /// Takes a text that is not the short one at a place; returns how many cells more are taken there, or nothing
    /// when this is left to others.
    #[inline]
    fn other(&mut self, number: usize, at: usize, text: &str) -> Option<usize> {
        let head = self.cells[at];
        let old = Code(head >> FROM_BITS);
        if head & FROM_MASK != ROW {
            return None;
        }
        match Code::of_short(text) {
            // Should another value be in the way, this one is found to be there already.
            Some(new) if old.is_short() && (self.may_change)(number, text) => {
                self.cells[at] = Value::head(From::Row, new);
                Some(0)
            }
            None => {
                let (row, behind) = (self.row, &self.cells[at + 1..]);
                old.is(behind, || row.spec(row.members[number]), text).then_some(old.cells())
            }
            Some(_) => None,
        }
    }
}
