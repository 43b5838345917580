//! The order of a catalog's series: those first of which nearly every user has something.
//!
//! What is kept of a user begins with a list of the series that there are, ascending. A series of which all that
//! come before are there as well lies at the place of its own number, and is not searched for.

use rules::{AggregateKey, Expr, ExprKind};
use rustc_hash::FxHashMap;

use super::condition::Condition;
use super::series::{Series, SeriesIndex};

/// Puts series that are over more events before those over fewer, as far as that can be told from their filters.
/// Those of a row that are not kept in their own place come last.
pub(super) fn put_in_order(
    series: &mut Vec<Series>,
    stands_for: &mut FxHashMap<AggregateKey, SeriesIndex>,
    conditions: &mut [Condition],
) {
    let mut drafted: Vec<(usize, Series)> = std::mem::take(series).into_iter().enumerate().collect();
    drafted.sort_by_key(|(at, series)| (series.place as usize != *at, parts_of(series.filter.as_ref()), *at));
    let mut names = vec![0; drafted.len()];
    (0..).zip(&drafted).for_each(|(index, (drafted_as, _))| names[*drafted_as] = index);
    let rename = |index: &mut SeriesIndex| *index = names[*index as usize];
    series.extend(drafted.into_iter().map(|(_, series)| series));
    for series in series {
        rename(&mut series.place);
        series.row.iter_mut().for_each(rename);
    }
    stands_for.values_mut().for_each(rename);
    for condition in conditions {
        match condition {
            Condition::OfSeries(index, _) => rename(index),
            Condition::Order(order) => {
                rename(&mut order.left.series);
                rename(&mut order.right.series);
            }
            Condition::General(_) => {}
        }
    }
}

/// Returns of how many conditions a filter is, all of which an event must pass.
fn parts_of(filter: Option<&Expr>) -> usize {
    match filter.map(|filter| &filter.kind) {
        None => 0,
        Some(ExprKind::And(parts)) => parts.len(),
        Some(_) => 1,
    }
}
