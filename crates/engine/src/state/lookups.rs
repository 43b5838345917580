//! The rows of an interpretation, filed by what finds them, and kept so between events.
//!
//! Whoever comes often has many rows, and filing all of them for each event would be most of the work. Places count
//! from the first row ever, so that rows which leave at the front move none. Nothing here is stored, and
//! nothing that is stored depends on it: what is not here is made anew.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;

use foldhash::fast::RandomState;
use rules::eval::{Scope, evaluate, is_true};
use rules::{Aggregate, Column, Expr, ExprKind, Interpretation, Value};
use schema::Timestamp;

use super::key::{Key, push};
use super::paths::{Equal, Path};
use super::retained::RetainedRow;
use rules::limits::MAX_KNOWN_VALUES;

/// Of users with fewer rows nothing is kept: there are many of them, and filing so few takes no time. In tests few
/// rows are many.
const KEPT_FROM: usize = if cfg!(debug_assertions) { 8 } else { 64 };
/// When more rows than this came at once, all are filed anew.
const MAX_UNFILED: usize = 64;

/// By values that senders of events choose, so hashed by a key of this process.
type ByKey<T> = HashMap<Key, T, RandomState>;

/// An aggregate of an interpretation, and how its rows are found.
pub(super) struct Way<'a> {
    pub(super) aggregate: &'a Aggregate,
    pub(super) path: Path<'a>,
    /// Whether it stands at the outermost rows.
    pub(super) is_direct: bool,
    /// What it came to in this run, by what it depends on; at most [`MAX_KNOWN_VALUES`].
    known: RefCell<ByKey<Value>>,
}

impl Way<'_> {
    /// Returns what it came to before.
    pub(super) fn known(&self, key: &Key) -> Option<Value> {
        self.known.borrow().get(key).cloned()
    }

    /// Remembers what it came to.
    pub(super) fn remember(&self, key: Key, value: Value) {
        let mut known = self.known.borrow_mut();
        if known.len() < MAX_KNOWN_VALUES {
            known.insert(key, value);
        }
    }
}

/// Returns the ways to the rows of every aggregate of an interpretation, in the order of the text.
pub(super) fn ways(interpretation: &Interpretation) -> Vec<Way<'_>> {
    let comparisons = interpretation.now_comparisons.as_slice();
    let mut ways = Vec::new();
    let mut add = |aggregate, is_direct| {
        let path = Path::of(aggregate, comparisons, is_direct);
        ways.push(Way { aggregate, path, is_direct, known: RefCell::default() });
    };
    for part in interpretation.aggregate.children() {
        each_aggregate(part, true, &mut add);
    }
    comparisons.iter().for_each(|comparison| each_aggregate(&comparison.time, false, &mut add));
    ways
}

fn each_aggregate<'a>(expr: &'a Expr, is_direct: bool, call: &mut impl FnMut(&'a Aggregate, bool)) {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => {
            call(aggregate, is_direct);
            aggregate.children().for_each(|part| each_aggregate(part, false, call));
        }
        _ => rules::plan::children(expr).into_iter().for_each(|part| each_aggregate(part, is_direct, call)),
    }
}

/// The rows of one aggregate: places, ascending.
#[derive(Debug, Default)]
pub(super) struct Filed {
    /// By what must equal something of the row around.
    own: ByKey<Vec<u32>>,
    /// The outermost rows by what that something is of them; of direct aggregates alone.
    around: ByKey<Vec<u32>>,
}

/// Everything that is filed of one user's rows.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// How many rows have left at the front.
    gone: u32,
    /// Rows that came since the others were filed.
    unfiled: Vec<u32>,
    /// By way; empty until somebody asks.
    filed: Vec<OnceCell<Filed>>,
    /// The outermost rows that pass, ascending, where `now()` does not matter.
    pub(super) holding: RefCell<Option<Vec<u32>>>,
    /// How many rows were looked at one by one.
    pub(super) looked: Cell<u64>,
}

impl Lookups {
    /// Makes room for a row that comes at an index among `rows`.
    pub(super) fn make_room(&mut self, at: usize, rows: usize) {
        if self.filed.iter().all(|filed| filed.get().is_none()) && self.holding.get_mut().is_none() {
            return;
        }
        if self.unfiled.len() >= MAX_UNFILED {
            return self.forget();
        }
        let place = self.gone + at as u32;
        if at < rows {
            self.each_list(|places| {
                places.iter_mut().rev().take_while(|known| **known >= place).for_each(|known| *known += 1);
            });
        }
        self.unfiled.push(place);
    }

    fn each_list(&mut self, mut call: impl FnMut(&mut Vec<u32>)) {
        for filed in self.filed.iter_mut().filter_map(OnceCell::get_mut) {
            filed.own.values_mut().chain(filed.around.values_mut()).for_each(&mut call);
        }
        if let Some(holding) = self.holding.get_mut() {
            call(holding);
        }
        self.unfiled.sort_unstable();
        call(&mut self.unfiled);
    }

    /// Notes that so many rows have left at the front.
    pub(super) fn leave(&mut self, gone: usize, left: usize) {
        self.gone += gone as u32;
        // Places of rows that are gone are passed over, until they are the most.
        if self.gone as usize > left.max(KEPT_FROM) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        *self = Self { looked: self.looked.clone(), ..Self::default() };
    }

    /// Files the rows that came.
    pub(super) fn catch_up(&mut self, ways: &[Way<'_>], interpretation: &Interpretation, rows: &[RetainedRow]) {
        if self.filed.len() != ways.len() {
            self.filed = ways.iter().map(|_| OnceCell::new()).collect();
        }
        if self.unfiled.is_empty() {
            return;
        }
        let outermost = Outermost::of(interpretation);
        for place in std::mem::take(&mut self.unfiled) {
            let Some(row) = place.checked_sub(self.gone).and_then(|at| rows.get(at as usize)) else { continue };
            for (way, filed) in ways.iter().zip(&mut self.filed) {
                if let Some(filed) = filed.get_mut() {
                    filed.add(way, &outermost, place, row);
                }
            }
        }
    }

    /// Returns it if it is worth keeping for so many rows.
    pub(super) fn kept_for(self: Box<Self>, rows: usize) -> Option<Box<Self>> {
        (rows >= KEPT_FROM).then_some(self)
    }

    /// Returns the rows of a way.
    pub(super) fn filed(
        &self,
        index: usize,
        way: &Way<'_>,
        interpretation: &Interpretation,
        rows: &[RetainedRow],
    ) -> &Filed {
        self.filed[index].get_or_init(|| {
            let outermost = Outermost::of(interpretation);
            let mut filed = Filed::default();
            for (place, row) in (self.gone..).zip(rows) {
                self.look();
                filed.add(way, &outermost, place, row);
            }
            filed
        })
    }

    /// Returns the places that are not gone.
    pub(super) fn live<'l>(&self, places: Option<&'l Vec<u32>>) -> &'l [u32] {
        let places = places.map_or(&[][..], Vec::as_slice);
        &places[places.partition_point(|place| *place < self.gone)..]
    }

    /// Returns the index of a row.
    pub(super) fn index(&self, place: u32) -> usize {
        place.saturating_sub(self.gone) as usize
    }

    /// Returns the place of a row.
    pub(super) fn place(&self, index: usize) -> u32 {
        self.gone + index as u32
    }

    /// Counts a row that is looked at.
    pub(super) fn look(&self) {
        self.looked.set(self.looked.get() + 1);
    }
}

impl Filed {
    pub(super) fn own(&self, key: &Key) -> Option<&Vec<u32>> {
        self.own.get(key)
    }

    pub(super) fn around(&self, key: &Key) -> Option<&Vec<u32>> {
        self.around.get(key)
    }

    fn add(&mut self, way: &Way<'_>, outermost: &Outermost<'_>, place: u32, row: &RetainedRow) {
        let scope = Alone { columns: outermost.columns, row: Some(row), around: None };
        if let Some(key) = own_key(&way.path, &scope) {
            insert(self.own.entry(key).or_default(), place);
        }
        if way.is_direct && outermost.own.iter().all(|part| is_true(part, &scope)) {
            let scope = Alone { around: Some(row), row: None, ..scope };
            if let Some(key) = key(&way.path.equal, |equal| equal.around, &scope) {
                insert(self.around.entry(key).or_default(), place);
            }
        }
    }
}

/// Returns what a row is filed under for an aggregate; `None` when it never counts.
pub(super) fn own_key(path: &Path<'_>, scope: &impl Scope) -> Option<Key> {
    path.own.iter().all(|part| is_true(part, scope)).then(|| key(&path.equal, |equal| equal.own, scope))?
}

/// Returns the values of one side of what must be equal; `None` when one of them equals nothing.
pub(super) fn key<'a>(equal: &[Equal<'a>], side: impl Fn(&Equal<'a>) -> &'a Expr, scope: &impl Scope) -> Option<Key> {
    let mut key = Key::new();
    for equal in equal {
        let value = evaluate(side(equal), scope);
        if value == Value::Null && !equal.nulls {
            return None;
        }
        push(&mut key, &value);
    }
    Some(key)
}

fn insert(places: &mut Vec<u32>, place: u32) {
    let at = places.partition_point(|known| *known < place);
    places.insert(at, place);
}

/// What of the outermost filter is about the row alone.
struct Outermost<'a> {
    own: Vec<&'a Expr>,
    columns: &'a [Column],
}

impl<'a> Outermost<'a> {
    fn of(interpretation: &'a Interpretation) -> Self {
        let own = Path::of(&interpretation.aggregate, &interpretation.now_comparisons, true).own;
        Self { own, columns: &interpretation.columns }
    }
}

/// A row by itself, or as the one around another.
pub(super) struct Alone<'a> {
    pub(super) columns: &'a [Column],
    pub(super) row: Option<&'a RetainedRow>,
    pub(super) around: Option<&'a RetainedRow>,
}

impl Scope for Alone<'_> {
    fn column(&self, column: Column) -> Value {
        self.row.map_or(Value::Null, |row| row.column(self.columns, column))
    }

    fn outer(&self, distance: usize, column: Column) -> Value {
        self.around.filter(|_| distance == 1).map_or(Value::Null, |row| row.column(self.columns, column))
    }

    fn aggregate(&self, _: &Aggregate) -> Value {
        Value::Null
    }

    fn slot(&self, _: usize) -> Value {
        Value::Null
    }

    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

/// Two states are equal whatever is filed of them.
impl PartialEq for Lookups {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A copy files its rows itself.
impl Clone for Lookups {
    fn clone(&self) -> Self {
        Self::default()
    }
}
