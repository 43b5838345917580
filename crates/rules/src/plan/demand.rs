//! How much of a count must be known to decide a comparison with a constant.

use std::cmp::Ordering;

use super::spec::Demand;
use crate::eval::compare;
use crate::rule::Comparison;
use crate::{AggregateFunction, Value};

/// Returns whether an aggregate is a count, of which not all may have to be known.
pub(super) const fn is_count(function: &AggregateFunction) -> bool {
    matches!(function, AggregateFunction::CountAll | AggregateFunction::Count(_) | AggregateFunction::CountDistinct(_))
}

/// Returns the least bound `b` such that `count op threshold` is decided by `count` up to `b`;
/// `None` when it is above `limit`. What is no number decides nothing, so 1 will do.
pub(super) fn demand(op: Comparison, threshold: &Value, limit: i64) -> Option<Demand> {
    // The least whole number not below the threshold, found by comparing: exact for decimals too.
    let reaches = |count: i64| compare(&Value::Integer(count), threshold).is_none_or(Ordering::is_ge);
    let exceeds = |count: i64| compare(&Value::Integer(count), threshold).is_none_or(Ordering::is_gt);
    let bound = match op {
        Comparison::GreaterOrEqual | Comparison::Less => least(limit, reaches)?,
        _ => least(limit.saturating_add(1), exceeds)?,
    };
    u32::try_from(bound.max(1)).ok().map(Demand::UpTo)
}

/// Returns the least number from 0 to `limit` that fits; `fits` is monotone.
fn least(limit: i64, fits: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut low, mut high) = (0, limit);
    if !fits(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(op: Comparison, threshold: Value, expected: Option<u32>) {
        assert_eq!(demand(op, &threshold, 100), expected.map(Demand::UpTo), "{op:?} {threshold:?}");
    }

    #[test]
    fn the_bound_is_the_least_that_decides_the_comparison() {
        check(Comparison::GreaterOrEqual, Value::Integer(3), Some(3));
        check(Comparison::Less, Value::Integer(3), Some(3));
        check(Comparison::Greater, Value::Integer(3), Some(4));
        check(Comparison::LessOrEqual, Value::Integer(3), Some(4));
        check(Comparison::Equal, Value::Integer(3), Some(4));
        check(Comparison::NotEqual, Value::Integer(0), Some(1));
        check(Comparison::GreaterOrEqual, Value::Integer(-5), Some(1));
        check(Comparison::GreaterOrEqual, Value::Double(2.5), Some(3));
        check(Comparison::Greater, Value::Double(2.5), Some(3));
        check(Comparison::GreaterOrEqual, Value::Integer(100), Some(100));
        check(Comparison::GreaterOrEqual, Value::Integer(101), None);
        check(Comparison::Greater, Value::Integer(100), Some(101));
        check(Comparison::Greater, Value::Integer(101), None);
    }

    #[test]
    fn a_value_cut_at_the_bound_decides_like_the_whole_count() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        for op in [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual] {
            for threshold in -2..6_i64 {
                let Some(Demand::UpTo(bound)) = demand(op, &Value::Integer(threshold), 100) else { panic!() };
                for count in 0..12_i64 {
                    for seen in [count.min(i64::from(bound)), count] {
                        assert_eq!(
                            op.holds(count.cmp(&threshold)),
                            op.holds(seen.cmp(&threshold)),
                            "{op:?} {threshold}"
                        );
                    }
                }
            }
        }
    }
}
