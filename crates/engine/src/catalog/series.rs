//! The events that pass one filter, and what is kept of them: the least that answers every condition
//! of a catalog about them, whatever its window.

use std::ops::Range;

use rules::{AggregateFunction, AggregateKey, AggregateSpec, Column, Demand, Expr, WindowSpec};
use rustc_hash::FxHashMap;

use super::formula::Bit;
use crate::bits;

/// A series' index in its catalog; means nothing in another one, nor in stored state.
pub(crate) type SeriesIndex = u32;

/// An edge of no window: every event lies behind it.
pub(crate) const SINCE_EVER: i64 = i64::MIN;

/// The most events that a series keeps the times of. More are counted by the general aggregates.
pub(crate) const MAX_DEPTH: u32 = 64;

/// The most latest values that are kept together.
pub(crate) const MAX_ROW: usize = 8;

/// The columns that nearly all rows are of, in the order in which a row has them.
const PLACE: [Column; 3] = [Column::Region, Column::Country, Column::DeviceType];

/// What conditions share.
#[derive(Debug)]
pub(crate) struct Series {
    /// Of function, argument and filter; the window is the conditions' own.
    pub(crate) key: AggregateKey,
    pub(crate) filter: Option<Expr>,
    pub(crate) kind: SeriesKind,
    /// In whose place it is kept: its own, or that of the first series of its row.
    pub(crate) place: SeriesIndex,
    /// Of the first series of latest values over a filter: those that are kept together, because they
    /// mostly come from the same event.
    pub(crate) row: Vec<SeriesIndex>,
    /// The columns of that row.
    pub(crate) row_columns: Vec<Column>,
    /// The conditions that are about it alone.
    pub(crate) conditions: Range<Bit>,
    /// The same, as bits of words.
    pub(crate) condition_words: Vec<(usize, u64)>,
    /// Those about its latest time and another's.
    pub(crate) orders: Vec<Bit>,
}

/// What is kept.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum SeriesKind {
    /// The most recent times, and perhaps how many there ever were.
    Recent(RecentSpec),
    /// Order totals, in the windows that are asked for.
    Total(TotalSpec),
    /// The latest value of a column, as one of the constants that it is compared with, or as text.
    Latest(LatestSpec),
}

/// Which times are kept.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct RecentSpec {
    /// How many.
    pub(crate) depth: u32,
    /// What is asked for: so many not before `now + from`.
    demands: Vec<(u32, i64)>,
    /// Up to where the number of all events is asked for; 0 is not at all.
    pub(crate) ever: u64,
}

/// Which totals are kept.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct TotalSpec {
    /// The windows' lower edges, relative to `now`.
    pub(crate) windows: Vec<i64>,
}

/// Which values are told apart.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct LatestSpec {
    pub(crate) column: Column,
    pub(crate) constants: Vec<Box<str>>,
    index: FxHashMap<Box<str>, u32>,
}

/// How a series is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutlineKind {
    /// Times.
    Times,
    /// Latest values.
    Row,
    /// In any other way.
    Other,
}

/// What of a series is looked at with every event, in a line of the processor's cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    /// Its conditions in the first word in which there are any.
    pub(crate) conditions: u64,
    /// Which word.
    pub(crate) word: u32,
    /// The same of those about its latest time and another's.
    pub(crate) order_word: u32,
    pub(crate) orders: u64,
    /// How many times are kept.
    pub(crate) depth: u32,
    pub(crate) kind: OutlineKind,
    /// Whether it is a row of region, country and device.
    pub(crate) is_place: bool,
    /// Whether the number of all events is kept.
    pub(crate) counts_ever: bool,
    /// Whether there are conditions in other words.
    pub(crate) is_wide: bool,
}

impl Outline {
    /// Returns whether any of its conditions may be among those of words.
    pub(crate) fn has_any(&self, of_word: impl Fn(usize) -> u64) -> bool {
        self.is_wide || (self.conditions != 0 && self.conditions & of_word(self.word as usize) != 0)
    }

    pub(super) fn of(series: &Series) -> Self {
        let (kind, depth, ever) = match &series.kind {
            SeriesKind::Recent(spec) => (OutlineKind::Times, spec.depth, spec.ever),
            SeriesKind::Total(_) => (OutlineKind::Other, 0, 0),
            SeriesKind::Latest(_) => (OutlineKind::Row, 0, 0),
        };
        let (word, conditions) = series.condition_words.first().copied().unwrap_or_default();
        let order_word = series.orders.first().map_or(0, |bit| *bit as usize / bits::PER_WORD);
        let (mut orders, mut is_one_word) = (0, true);
        for bit in &series.orders {
            orders |= 1 << (*bit as usize % bits::PER_WORD);
            is_one_word &= *bit as usize / bits::PER_WORD == order_word;
        }
        let kind = if is_one_word { kind } else { OutlineKind::Other };
        let is_wide = series.condition_words.len() > 1;
        let (word, order_word) = (word as u32, order_word as u32);
        let is_place = *series.row_columns == PLACE;
        Self { conditions, word, order_word, orders, depth, kind, is_place, counts_ever: ever > 0, is_wide }
    }
}

/// Puts latest values over equal filters into rows.
pub(super) fn make_rows(series: &mut [Series]) {
    let mut firsts: Vec<usize> = Vec::new();
    for at in 0..series.len() {
        series[at].place = at as SeriesIndex;
        let SeriesKind::Latest(LatestSpec { column, .. }) = series[at].kind else { continue };
        let has_room =
            |first: &&usize| series[**first].row.len() < MAX_ROW && series[**first].filter == series[at].filter;
        let first = firsts.iter().find(has_room).copied().unwrap_or(at);
        if first == at {
            firsts.push(at);
        }
        series[first].row.push(at as SeriesIndex);
        series[first].row_columns.push(column);
        series[at].place = first as SeriesIndex;
    }
    for first in firsts {
        let Series { row, row_columns, .. } = &mut series[first];
        let mut columns: Vec<(Column, SeriesIndex)> = row_columns.drain(..).zip(row.drain(..)).collect();
        columns.sort_by_key(|(column, _)| *column);
        (*row_columns, *row) = columns.into_iter().unzip();
    }
}

impl RecentSpec {
    pub(crate) fn ask_recent(&mut self, count: u32, from: i64) {
        self.depth = self.depth.max(count);
        self.demands.push((count, from));
    }

    pub(crate) fn ask_ever(&mut self, up_to: u64) {
        self.ever = self.ever.max(up_to);
    }

    fn serves(&self, other: &Self) -> bool {
        let covers = |(count, from): &(u32, i64)| self.demands.iter().any(|(n, edge)| n >= count && edge <= from);
        self.ever >= other.ever && other.demands.iter().all(covers)
    }
}

impl TotalSpec {
    /// Returns the index of a window, which is added when it is new.
    pub(crate) fn window(&mut self, from: i64) -> u32 {
        let at = self.windows.iter().position(|known| *known == from).unwrap_or_else(|| {
            self.windows.push(from);
            self.windows.len() - 1
        });
        at as u32
    }

    /// Returns the lower edge of the longest window that events leave again.
    pub(crate) fn longest(&self) -> Option<i64> {
        self.windows.iter().copied().filter(|from| *from != SINCE_EVER).min()
    }

    pub(crate) fn counts_ever(&self) -> bool {
        self.windows.contains(&SINCE_EVER)
    }

    fn serves(&self, other: &Self) -> bool {
        let reaches = match (self.longest(), other.longest()) {
            (Some(longest), Some(asked)) => longest <= asked,
            (longest, asked) => longest.is_some() || asked.is_none(),
        };
        reaches && self.counts_ever() >= other.counts_ever()
    }
}

impl LatestSpec {
    pub(crate) fn new(column: Column) -> Self {
        Self { column, constants: Vec::new(), index: FxHashMap::default() }
    }

    /// Returns the number of a constant, which is added when it is new.
    pub(crate) fn constant(&mut self, text: &str) -> u32 {
        self.number_of(text).unwrap_or_else(|| {
            let number = self.constants.len() as u32;
            self.constants.push(text.into());
            self.index.insert(text.into(), number);
            number
        })
    }

    pub(crate) fn number_of(&self, text: &str) -> Option<u32> {
        self.index.get(text).copied()
    }
}

impl SeriesKind {
    /// Returns whether a text is one of those that latest values are compared with.
    pub(crate) fn names(&self, text: &str) -> bool {
        matches!(self, Self::Latest(spec) if spec.number_of(text).is_some())
    }

    /// Returns whether what is kept for it also answers what is asked of `other`, which has the same key.
    pub(crate) fn serves(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Recent(own), Self::Recent(other)) => own.serves(other),
            (Self::Total(own), Self::Total(other)) => own.serves(other),
            (Self::Latest(_), Self::Latest(_)) => true,
            _ => false,
        }
    }
}

/// Returns the key of the series of a function over a filter.
pub(crate) fn series_key(function: AggregateFunction, filter: Option<&Expr>) -> AggregateKey {
    let spec = AggregateSpec {
        function,
        filter: filter.cloned(),
        window: WindowSpec::default(),
        demand: Demand::Exact,
        interpretation: None,
    };
    spec.key()
}

/// Returns the edge of a window that has no other edge and no calendar.
pub(crate) fn plain_edge(window: WindowSpec) -> Option<i64> {
    let plain = window.until.is_none() && window.from_unit.is_none() && window.until_unit.is_none();
    plain.then(|| window.from.unwrap_or(SINCE_EVER))
}
