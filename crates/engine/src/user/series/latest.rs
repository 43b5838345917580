//! The latest values of some columns over one filter, by time and event: a row.
//!
//! They mostly come from the same event, so its time and id are kept once, behind the deadline, which is
//! never. Then comes each value: one cell that says what is known and from which event; time and id of
//! an event of its own; a long text. A short text is in the cell itself ([`code`]). Values are kept also
//! when no rule asks for them, because a rule of the next catalog may.

mod code;
mod repeating;

use rules::Column;
use schema::EventId;
use uuid::Uuid;

use self::code::Code;
pub(super) use self::repeating::Repeating;
use super::NEVER;
use super::slab::Slab;
use crate::catalog::{Catalog, LatestSpec, MAX_ROW, Series, SeriesCondition, SeriesIndex, SeriesKind};

const TIME: usize = 1;
const VALUES: usize = 4;
/// Time and id.
const CELLS_PER_PLACE: usize = 3;

/// When something happened, and which event it was: the greater one is the later one.
type Place = (i64, u128);

/// From which event a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// There was none.
    None = 0,
    /// The row's.
    Row = 1,
    /// An earlier one.
    Own = 2,
}

const NONE: i64 = From::None as i64;
const ROW: i64 = From::Row as i64;
const FROM_BITS: u32 = 2;
const FROM_MASK: i64 = (1 << FROM_BITS) - 1;

/// One value in the cells of a row.
#[derive(Clone, Copy, Debug)]
struct Value {
    from: From,
    code: Code,
    /// Where it begins.
    at: usize,
}

impl Value {
    fn read(cells: &[i64], at: usize) -> Self {
        let from = match cells[at] & FROM_MASK {
            0 => From::None,
            1 => From::Row,
            _ => From::Own,
        };
        Self { from, code: Code(cells[at] >> FROM_BITS), at }
    }

    const fn head(from: From, code: Code) -> i64 {
        (code.0 << FROM_BITS) | from as i64
    }

    fn text_at(self) -> usize {
        self.at + 1 + if self.from == From::Own { CELLS_PER_PLACE } else { 0 }
    }

    fn end(self) -> usize {
        self.text_at() + self.code.cells()
    }

    fn place(self, cells: &[i64]) -> Place {
        place_at(cells, if self.from == From::Own { self.at + 1 } else { TIME })
    }

    fn text(self, spec: &LatestSpec, cells: &[i64]) -> String {
        self.code.text(spec, &cells[self.text_at()..self.end()])
    }

    fn is<'a>(self, spec: impl FnOnce() -> Option<&'a LatestSpec>, cells: &[i64], text: &str) -> bool {
        self.code.is(&cells[self.text_at()..], spec, text)
    }
}

fn place_at(cells: &[i64], at: usize) -> Place {
    (cells[at], (u128::from(cells[at + 1] as u64) << 64) | u128::from(cells[at + 2] as u64))
}

const fn cells_of((time, id): Place) -> [i64; CELLS_PER_PLACE] {
    [time, (id >> 64) as i64, id as i64]
}

/// The columns of a row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) members: &'a [SeriesIndex],
    pub(super) columns: &'a [Column],
}

impl<'a> Row<'a> {
    pub(super) fn of(catalog: &'a Catalog, first: &'a Series) -> Self {
        Self { catalog, members: &first.row, columns: &first.row_columns }
    }

    pub(super) fn specs(self) -> impl Iterator<Item = &'a LatestSpec> {
        self.members.iter().filter_map(move |member| self.spec(*member))
    }

    fn spec(self, member: SeriesIndex) -> Option<&'a LatestSpec> {
        match &self.catalog.series(member).kind {
            SeriesKind::Latest(spec) => Some(spec),
            _ => None,
        }
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
    fn merged<'t>(
        self,
        old: Option<&[i64]>,
        place: Place,
        text_of: impl Fn(usize) -> Option<&'t str>,
    ) -> (Vec<i64>, u64) {
        let of_row = old.map_or(place, |cells| place_at(cells, TIME).max(place));
        let mut cells = Vec::with_capacity(old.map_or(0, <[i64]>::len) + self.members.len() * 2 + VALUES);
        cells.push(NEVER);
        cells.extend(cells_of(of_row));
        let mut changed = 0;
        let mut at = VALUES;
        for (number, spec) in self.specs().enumerate() {
            let known = old.map(|old| (old, Value::read(old, at)));
            at = known.map_or(at, |(_, value)| value.end());
            let known = known.filter(|(_, value)| value.from != From::None);
            let is_later = known.is_none_or(|(old, value)| place >= value.place(old));
            match (text_of(number), known) {
                (Some(text), _) if is_later => {
                    let code = Code::of(spec, text);
                    if !known.is_some_and(|(old, value)| value.is(|| Some(spec), old, text)) {
                        changed |= 1 << number;
                    }
                    push_head(&mut cells, code, place, of_row);
                    code.push_cells(text, &mut cells);
                }
                (_, Some((old, value))) => {
                    push_head(&mut cells, value.code, value.place(old), of_row);
                    cells.extend(&old[value.text_at()..value.end()]);
                }
                (_, None) => cells.push(Value::head(From::None, Code::NOTHING)),
            }
        }
        (cells, changed)
    }
}

fn push_head(cells: &mut Vec<i64>, code: Code, place: Place, of_row: Place) {
    if place == of_row {
        cells.push(Value::head(From::Row, code));
    } else {
        cells.push(Value::head(From::Own, code));
        cells.extend(cells_of(place));
    }
}

/// Folds the texts of an event, by the number of their column, into the row of a series; returns where it
/// lies and, as bits, which values changed. An event without any text is nothing.
#[inline]
pub(super) fn insert<'t>(
    slab: &mut Slab,
    first: SeriesIndex,
    row: Row<'_>,
    (time, event_id): (i64, EventId),
    text_of: impl Fn(usize) -> Option<&'t str> + Copy,
) -> Option<(usize, u64)> {
    let place = (time, event_id.0.as_u128());
    let known = slab.view().find(first);
    if let Some(at) = known
        && let Some(changed) = insert_in_place(slab.cells_mut(at), row, place, text_of)
    {
        return Some((at, changed));
    }
    insert_anew(slab, (first, known), row, place, text_of)
}

/// Folds an event into a row that is missing or has to be written anew.
fn insert_anew<'t>(
    slab: &mut Slab,
    (first, known): (SeriesIndex, Option<usize>),
    row: Row<'_>,
    place: Place,
    text_of: impl Fn(usize) -> Option<&'t str> + Copy,
) -> Option<(usize, u64)> {
    (0..row.members.len()).any(|number| text_of(number).is_some()).then_some(())?;
    let Some(at) = known else {
        let (cells, changed) = row.merged(None, place, text_of);
        return Some((slab.find_or_insert(first, || cells), changed));
    };
    let (cells, changed) = row.merged(Some(slab.view().cells(at)), place, text_of);
    if cells != slab.view().cells(at) {
        slab.replace_cells(at, &cells);
    }
    Some((at, changed))
}

/// Folds an event that comes last and gives a value to just those columns whose values are the row's, as
/// nearly all events do, and no long text that is new. For any other one it returns nothing and does
/// nothing.
///
/// A row has a value of its own event, so an event without any text is one of the others.
#[inline]
fn insert_in_place<'t>(
    cells: &mut [i64],
    row: Row<'_>,
    place: Place,
    text_of: impl Fn(usize) -> Option<&'t str> + Copy,
) -> Option<u64> {
    if place < place_at(cells, TIME) {
        return None;
    }
    let mut changed = 0;
    let mut values = &cells[VALUES..];
    for number in 0..row.members.len() {
        let (head, behind) = values.split_first()?;
        let code = Code(head >> FROM_BITS);
        match (head & FROM_MASK, text_of(number)) {
            (ROW, Some(text)) => {
                let is_same = code.is(behind, || row.spec(row.members[number]), text);
                changed |= u64::from(!is_same) << number;
                values = behind.get(code.cells()..)?;
            }
            (NONE, None) => values = behind,
            _ => return None,
        }
    }
    if changed != 0 && !change_in_place(cells, row, changed, text_of) {
        return None;
    }
    cells[TIME..VALUES].copy_from_slice(&cells_of(place));
    Some(changed)
}

/// Puts the texts that changed into the heads of their values; does nothing, and returns so, when one
/// takes or took more cells than that.
fn change_in_place<'t>(
    cells: &mut [i64],
    row: Row<'_>,
    changed: u64,
    text_of: impl Fn(usize) -> Option<&'t str>,
) -> bool {
    let mut heads = [(0, 0); MAX_ROW];
    let mut count = 0;
    let mut at = VALUES;
    for (number, spec) in row.specs().enumerate() {
        let value = Value::read(cells, at);
        if let Some(text) = text_of(number).filter(|_| changed & (1 << number) != 0) {
            let code = Code::of(spec, text);
            if code.cells() + value.code.cells() > 0 {
                return false;
            }
            heads[count] = (at, Value::head(From::Row, code));
            count += 1;
        }
        at = value.end();
    }
    heads[..count].iter().for_each(|(at, head)| cells[*at] = *head);
    true
}

/// Returns what is known of each value of a row, which [`Known`] is made of.
pub(super) fn codes(cells: &[i64]) -> impl Iterator<Item = Option<Code>> {
    let mut at = VALUES;
    std::iter::from_fn(move || {
        let value = (at < cells.len()).then(|| Value::read(cells, at))?;
        at = value.end();
        Some((value.from != From::None).then_some(value.code))
    })
}

/// What conditions ask of a value: whether there is one, and which constant it is.
#[derive(Clone, Copy)]
pub(super) struct Known {
    is_known: bool,
    constant: Option<u32>,
}

impl Known {
    /// Finds out once, for all conditions on the value.
    pub(super) fn of(spec: &LatestSpec, code: Option<Code>) -> Self {
        Self { is_known: code.is_some(), constant: code.and_then(|code| code.constant(spec)) }
    }

    pub(super) fn holds(self, condition: SeriesCondition) -> bool {
        match condition {
            SeriesCondition::Is { constant } => self.constant == Some(constant),
            SeriesCondition::IsKnown => self.is_known,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rules::compile;
    use schema::{Event, Generation, Timestamp, UserId};

    use super::*;

    const CLAUSE: &str = "arg_max(region, created_at) = 'a region of many letters' OR arg_max(country, created_at) = 'CA' \
                          OR arg_max(device_type, created_at) <> 'mobile'";
    const TEXTS: [&str; 6] = ["", "CA", "mobile", "a region of many letters", "another long one", "another one, long"];

    fn catalog() -> Catalog {
        let rules = vec![(testkit::definition(1, CLAUSE), compile(CLAUSE).rule.unwrap())];
        Catalog::of_rules(Generation(1), rules).unwrap()
    }

    /// Returns what is left of a slab of one row after an event, if it can be repeated in place.
    fn repeated(slab: &Slab, row: Row<'_>, (time, id): (i64, EventId), texts: [Option<&str>; 3]) -> Option<Slab> {
        let mut event = Event::new(id, UserId(1), "any", Timestamp::from_micros(time));
        for (column, text) in row.columns.iter().zip(texts) {
            let text = text.map(Into::into);
            match column {
                Column::Region => event.region = text,
                Column::Country => event.country = text,
                _ => event.device_type = text,
            }
        }
        let mut slab = slab.clone();
        let known = !slab.is_empty();
        let repeat = |cells| Repeating { cells, row, may_change: |_, text: &str| text != "CA" };
        (known && repeat(slab.cells_mut(0)).all(&event, texts.into_iter())).then_some(slab)
    }

    /// Of each column the latest text and its event, kept as plainly as can be.
    #[test]
    fn a_row_knows_of_each_column_the_latest_text_whatever_comes_when() {
        let catalog = catalog();
        let first = catalog.all_series().iter().position(|series| series.row.len() == 3).unwrap() as SeriesIndex;
        let row = Row::of(&catalog, catalog.series(first));
        assert!(catalog.outline(first).is_place, "region, country and device lie in that order");
        let mut random = 1_u64;
        let mut below = |end: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % end
        };
        for _ in 0..300 {
            let (mut slab, mut plain) = (Slab::default(), BTreeMap::new());
            // As often all columns as some, and mostly in order.
            for step in 0..40 {
                let (time, id) = (step - below(8).saturating_sub(5) as i64, EventId(Uuid::from_u128(below(3).into())));
                let all = below(2) == 0;
                let texts: [_; 3] = std::array::from_fn(|_| (all || below(2) == 0).then(|| TEXTS[below(6) as usize]));
                let mut expected = 0;
                for (number, (member, text)) in row.members.iter().zip(texts).enumerate() {
                    let Some(text) = text else { continue };
                    let known = plain.get(member).cloned();
                    if known.as_ref().is_none_or(|(at, of, _)| (time, id) >= (*at, *of)) {
                        expected |= u64::from(known.is_none_or(|(_, _, known)| known != text)) << number;
                        plain.insert(*member, (time, id, text.to_owned()));
                    }
                }
                let repeated = repeated(&slab, row, (time, id), texts);
                let changed =
                    insert(&mut slab, first, row, (time, id), |number| texts[number]).map_or(0, |(_, changed)| changed);
                assert!(repeated.is_none_or(|repeated| repeated == slab), "the straight way leads to the same");
                assert_eq!(changed, expected);
                let found: BTreeMap<_, _> = slab
                    .view()
                    .find(first)
                    .map(|at| row.plain(slab.view().cells(at)))
                    .unwrap_or_default()
                    .into_iter()
                    .collect();
                assert_eq!(found, plain);
            }
        }
    }
}
