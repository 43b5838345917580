//! The latest values of some columns over one filter, by time and event: a row.
//!
//! They mostly come from the same event, so its time and id are kept once, behind the deadline, which is
//! never. Then comes each value: one cell that says what is known and from which event; time and id of
//! an event of its own; the text. A value that some rule asks for is the number of that constant; any
//! other one is kept as text, because a rule of the next catalog may ask for it.

use schema::EventId;
use uuid::Uuid;

use super::NEVER;
use super::slab::Slab;
use crate::catalog::{Catalog, LatestSpec, Series, SeriesCondition, SeriesIndex, SeriesKind};

const TIME: usize = 1;
const VALUES: usize = 4;
const BYTES_PER_CELL: usize = 8;
/// Time and id.
const CELLS_PER_PLACE: usize = 3;

/// When something happened, and which event it was: the greater one is the later one.
type Place = (i64, u128);

/// From which event a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// There was none.
    None,
    /// The row's.
    Row,
    /// An earlier one.
    Own,
}

const FROM_BITS: u32 = 2;

/// One value in the cells of a row.
#[derive(Clone, Copy, Debug)]
struct Value {
    from: From,
    /// The number of a constant; for a text its length, negative and less one.
    code: i64,
    /// Where it begins.
    at: usize,
}

impl Value {
    fn read(cells: &[i64], at: usize) -> Self {
        let from = match cells[at] & ((1 << FROM_BITS) - 1) {
            0 => From::None,
            1 => From::Row,
            _ => From::Own,
        };
        Self { from, code: cells[at] >> FROM_BITS, at }
    }

    const fn head(from: From, code: i64) -> i64 {
        let from = match from {
            From::None => 0,
            From::Row => 1,
            From::Own => 2,
        };
        (code << FROM_BITS) | from
    }

    fn text_at(self) -> usize {
        self.at + 1 + if self.from == From::Own { CELLS_PER_PLACE } else { 0 }
    }

    fn end(self) -> usize {
        self.text_at() + if self.code < 0 { self.text_length().div_ceil(BYTES_PER_CELL) } else { 0 }
    }

    const fn text_length(self) -> usize {
        (-1 - self.code) as usize
    }

    fn place(self, cells: &[i64]) -> Place {
        place_at(cells, if self.from == From::Own { self.at + 1 } else { TIME })
    }

    fn text(self, spec: &LatestSpec, cells: &[i64]) -> String {
        if let Ok(constant) = usize::try_from(self.code) {
            return spec.constants[constant].to_string();
        }
        let mut bytes: Vec<u8> = cells[self.text_at()..self.end()].iter().flat_map(|cell| cell.to_le_bytes()).collect();
        bytes.truncate(self.text_length());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns whether the value is that text.
    fn is(self, spec: &LatestSpec, cells: &[i64], text: &str) -> bool {
        match usize::try_from(self.code) {
            Ok(constant) => &*spec.constants[constant] == text,
            Err(_) => {
                let cells = &cells[self.text_at()..self.end()];
                let mut chunks = text.as_bytes().chunks(BYTES_PER_CELL).zip(cells);
                self.text_length() == text.len() && chunks.all(|(bytes, cell)| cell.to_le_bytes().starts_with(bytes))
            }
        }
    }
}

fn place_at(cells: &[i64], at: usize) -> Place {
    (cells[at], (u128::from(cells[at + 1] as u64) << 64) | u128::from(cells[at + 2] as u64))
}

const fn cells_of((time, id): Place) -> [i64; CELLS_PER_PLACE] {
    [time, (id >> 64) as i64, id as i64]
}

/// Appends what lies behind the head of a text that is no constant.
fn push_text(text: &str, cells: &mut Vec<i64>) {
    cells.extend(text.as_bytes().chunks(BYTES_PER_CELL).map(|bytes| {
        let mut cell = [0; BYTES_PER_CELL];
        cell[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(cell)
    }));
}

/// The columns of a row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) members: &'a [SeriesIndex],
}

impl<'a> Row<'a> {
    pub(super) fn of(catalog: &'a Catalog, first: &'a Series) -> Self {
        Self { catalog, members: &first.row }
    }

    pub(super) fn specs(self) -> impl Iterator<Item = &'a LatestSpec> {
        self.members.iter().filter_map(move |member| match &self.catalog.series(*member).kind {
            SeriesKind::Latest(spec) => Some(spec),
            _ => None,
        })
    }

    /// Returns each series of the row whose value is known: time, event, and value.
    pub(super) fn plain(self, cells: &[i64]) -> Vec<(SeriesIndex, (i64, EventId, String))> {
        let mut known = Vec::new();
        let mut at = VALUES;
        for (member, spec) in self.members.iter().zip(self.specs()) {
            let value = Value::read(cells, at);
            at = value.end();
            if value.from != From::None {
                let (time, id) = value.place(cells);
                known.push((*member, (time, EventId(Uuid::from_u128(id)), value.text(spec, cells))));
            }
        }
        known
    }

    /// Folds the texts of an event, by column; returns the cells and, as bits, which values changed.
    fn merged(self, old: Option<&[i64]>, place: Place, texts: &[Option<&str>]) -> (Vec<i64>, u64) {
        let of_row = old.map_or(place, |cells| place_at(cells, TIME).max(place));
        let mut cells = vec![NEVER];
        cells.extend(cells_of(of_row));
        let mut changed = 0;
        let mut at = VALUES;
        for (number, (spec, text)) in self.specs().zip(texts).enumerate() {
            let known = old.map(|old| (old, Value::read(old, at)));
            at = known.map_or(at, |(_, value)| value.end());
            let known = known.filter(|(_, value)| value.from != From::None);
            let is_later = known.is_none_or(|(old, value)| place >= value.place(old));
            match (*text, known) {
                (Some(text), _) if is_later => {
                    if !known.is_some_and(|(old, value)| value.is(spec, old, text)) {
                        changed |= 1 << number;
                    }
                    let constant = spec.number_of(text);
                    let code = constant.map_or(-1 - text.len() as i64, i64::from);
                    push_head(&mut cells, code, place, of_row);
                    if constant.is_none() {
                        push_text(text, &mut cells);
                    }
                }
                (_, Some((old, value))) => {
                    push_head(&mut cells, value.code, value.place(old), of_row);
                    cells.extend(&old[value.text_at()..value.end()]);
                }
                (_, None) => cells.push(Value::head(From::None, 0)),
            }
        }
        (cells, changed)
    }
}

fn push_head(cells: &mut Vec<i64>, code: i64, place: Place, of_row: Place) {
    if place == of_row {
        cells.push(Value::head(From::Row, code));
    } else {
        cells.push(Value::head(From::Own, code));
        cells.extend(cells_of(place));
    }
}

/// Folds the texts of an event, by column, into the row of a series; returns where it lies and, as
/// bits, which values changed. An event without any text is nothing.
pub(super) fn insert(
    slab: &mut Slab,
    first: SeriesIndex,
    row: Row<'_>,
    (time, event_id): (i64, EventId),
    texts: &[Option<&str>],
) -> Option<(usize, u64)> {
    texts.iter().any(Option::is_some).then_some(())?;
    let place = (time, event_id.0.as_u128());
    let Some(at) = slab.find(first) else {
        let (cells, changed) = row.merged(None, place, texts);
        return Some((slab.find_or_insert(first, || cells), changed));
    };
    if is_as_before(slab.cells_mut(at), row, place, texts) {
        return Some((at, 0));
    }
    let (cells, changed) = row.merged(Some(slab.cells(at)), place, texts);
    slab.replace_cells(at, &cells);
    Some((at, changed))
}

/// Returns whether the event gives no value but those that are known, which are its own then.
///
/// Nearly all events do. Otherwise nothing has happened yet.
fn is_as_before(cells: &mut [i64], row: Row<'_>, place: Place, texts: &[Option<&str>]) -> bool {
    let is_later = place >= place_at(cells, TIME);
    let mut at = VALUES;
    let mut takes = false;
    for (spec, text) in row.specs().zip(texts) {
        let value = Value::read(cells, at);
        at = value.end();
        let as_before = match (value.from, text) {
            (From::None | From::Own, None) => true,
            (From::None | From::Own, Some(_)) => false,
            // Earlier than what is known.
            (From::Row, _) if !is_later => true,
            (From::Row, None) => false,
            (From::Row, Some(text)) => {
                takes = true;
                value.is(spec, cells, text)
            }
        };
        if !as_before {
            return false;
        }
    }
    if takes {
        cells[TIME..VALUES].copy_from_slice(&cells_of(place));
    }
    true
}

/// Returns what is known of each value of a row, which [`holds`] asks for.
pub(super) fn codes(cells: &[i64]) -> impl Iterator<Item = Option<i64>> {
    let mut at = VALUES;
    std::iter::from_fn(move || {
        let value = (at < cells.len()).then(|| Value::read(cells, at))?;
        at = value.end();
        Some((value.from != From::None).then_some(value.code))
    })
}

/// Returns whether a condition holds for what is known of a value.
pub(super) fn holds(code: Option<i64>, condition: SeriesCondition) -> bool {
    match condition {
        SeriesCondition::Is { constant } => code == Some(i64::from(constant)),
        SeriesCondition::IsKnown => code.is_some(),
        _ => false,
    }
}
