//! The series and conditions of a catalog in the making, each once.

use rules::rule::Comparison;
use rules::{AggregateFunction, AggregateKey, AggregateSpec, Column, Expr, ExprKind};
use rustc_hash::FxHashMap;

use super::condition::{Condition, GeneralCondition, LatestTime, Order, SeriesCondition};
use super::formula::Bit;
use super::series::{LatestSpec, RecentSpec, SINCE_EVER, Series, SeriesIndex, SeriesKind, TotalSpec, series_key};

/// What was asked for so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) series: Vec<Series>,
    by_key: FxHashMap<AggregateKey, SeriesIndex>,
    /// The aggregates in place of which a series stands.
    pub(super) stands_for: FxHashMap<AggregateKey, SeriesIndex>,
    pub(super) conditions: Vec<Condition>,
    of_series: FxHashMap<(SeriesIndex, SeriesCondition), Bit>,
}

impl Draft {
    /// Returns the condition that so many events lie not before `now + from`.
    pub(super) fn recent(&mut self, spec: &AggregateSpec, count: u32, from: i64) -> Bit {
        let series = self.times(spec, |recent| recent.ask_recent(count, from));
        self.condition(series, SeriesCondition::Recent { count, from })
    }

    /// Returns the condition that there ever were so many events, which are counted up to a number.
    pub(super) fn ever(&mut self, spec: &AggregateSpec, count: u64, up_to: u64) -> Bit {
        let series = self.times(spec, |recent| recent.ask_ever(up_to.max(count)));
        self.condition(series, SeriesCondition::Ever { count })
    }

    /// Returns the series whose latest time is that of the aggregate.
    pub(super) fn latest_time(&mut self, spec: &AggregateSpec) -> SeriesIndex {
        self.times(spec, |recent| recent.ask_recent(1, SINCE_EVER))
    }

    /// Returns the condition that a column's latest value is a constant, or that there is one.
    pub(super) fn latest(&mut self, spec: &AggregateSpec, column: Column, constant: Option<&str>) -> Bit {
        let series = self.series(spec, spec.function.clone(), || SeriesKind::Latest(LatestSpec::new(column)));
        let condition = match (&mut self.series[series as usize].kind, constant) {
            (SeriesKind::Latest(latest), Some(text)) => SeriesCondition::Is { constant: latest.constant(text) },
            _ => SeriesCondition::IsKnown,
        };
        self.condition(series, condition)
    }

    /// Returns the condition that a window's total compares so with a threshold.
    pub(super) fn total(
        &mut self,
        spec: &AggregateSpec,
        from: i64,
        op: Comparison,
        threshold: i128,
        over_nothing: bool,
    ) -> Bit {
        let series = self.series(spec, spec.function.clone(), || SeriesKind::Total(TotalSpec::default()));
        let window = match &mut self.series[series as usize].kind {
            SeriesKind::Total(total) => total.window(from),
            _ => 0,
        };
        self.condition(series, SeriesCondition::Total { window, op, threshold, over_nothing })
    }

    /// Returns the condition that two latest times compare so.
    pub(super) fn order(&mut self, left: LatestTime, op: Comparison, right: LatestTime) -> Bit {
        let order = Condition::Order(Order { left, op, right });
        if let Some(known) = self.conditions.iter().position(|known| *known == order) {
            return known as Bit;
        }
        self.push(order)
    }

    pub(super) fn general(&mut self, condition: GeneralCondition) -> Bit {
        self.push(Condition::General(Box::new(condition)))
    }

    fn condition(&mut self, series: SeriesIndex, condition: SeriesCondition) -> Bit {
        if let Some(known) = self.of_series.get(&(series, condition)) {
            return *known;
        }
        let bit = self.push(Condition::OfSeries(series, condition));
        self.of_series.insert((series, condition), bit);
        bit
    }

    fn push(&mut self, condition: Condition) -> Bit {
        self.conditions.push(condition);
        self.conditions.len() as Bit - 1
    }

    /// The times of a filter's events serve counts, whether there is one, and the latest time alike.
    fn times(&mut self, spec: &AggregateSpec, ask: impl FnOnce(&mut RecentSpec)) -> SeriesIndex {
        let series = self.series(spec, AggregateFunction::CountAll, || SeriesKind::Recent(RecentSpec::default()));
        if let SeriesKind::Recent(recent) = &mut self.series[series as usize].kind {
            ask(recent);
        }
        series
    }

    fn series(
        &mut self,
        spec: &AggregateSpec,
        function: AggregateFunction,
        kind: impl FnOnce() -> SeriesKind,
    ) -> SeriesIndex {
        let key = series_key(function, spec.filter.as_ref());
        let series = *self.by_key.entry(key).or_insert_with(|| {
            let filter = spec.filter.clone();
            let place = self.series.len() as SeriesIndex;
            let (kind, row, row_columns, conditions, orders) = (kind(), Vec::new(), Vec::new(), 0..0, Vec::new());
            let condition_words = Vec::new();
            self.series.push(Series {
                key,
                filter,
                kind,
                place,
                row,
                row_columns,
                conditions,
                condition_words,
                orders,
            });
            place
        });
        self.stands_for.insert(spec.key(), series);
        series
    }
}

/// Returns the slots of a plan that an expression reads.
pub(super) fn slots_of(expr: &Expr) -> Vec<usize> {
    let mut slots = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::Slot(index) = expr.kind {
            slots.push(index);
        }
        open.extend(rules::plan::children(expr));
    }
    slots.sort_unstable();
    slots.dedup();
    slots
}
