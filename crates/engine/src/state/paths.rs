//! Ways to the rows that an aggregate goes over for a row around it, other than looking at all of them.
//!
//! Of the conditions that the filter joins by AND, those on the row alone are the same wherever the aggregate
//! stands: they are looked at once. What must equal something of the row around finds its rows by that value;
//! `created_at` against a time of the row around, or against `now()`, cuts the rows short, as they are in that
//! order; and how many rows stand before the one around, by time and event, is the place of it. What depends on
//! few values of the row around is computed once for each. Whatever is left is looked at row by row.

use rules::plan::{DependsOn, asked_at, depends_on, is_told_apart};
use rules::rule::Comparison;
use rules::{Aggregate, AggregateFunction, Column, Expr, ExprKind, NowComparison, SqlType};
use schema::Timestamp;

/// What a filter is made of, by what finds its rows.
#[derive(Default)]
pub(super) struct Path<'a> {
    /// On the row alone.
    pub(super) own: Vec<&'a Expr>,
    /// What of the row must be what of the row around, and whether NULL equals NULL.
    pub(super) equal: Vec<Equal<'a>>,
    /// `created_at` against something of the row around.
    pub(super) bounds: Vec<(Comparison, &'a Expr)>,
    /// `created_at` against `now()`: places among the comparisons of the interpretation.
    pub(super) windows: Vec<usize>,
    /// Whether the rows are those that stand before (or behind) the row around.
    pub(super) rank: Option<Rank>,
    /// What is looked at row by row.
    pub(super) rest: Vec<&'a Expr>,
    /// What its value hangs on, if it is asked for the same several times.
    pub(super) depends_on: Option<DependsOn>,
}

#[derive(Clone, Copy)]
pub(super) struct Equal<'a> {
    pub(super) own: &'a Expr,
    pub(super) around: &'a Expr,
    pub(super) nulls: bool,
}

/// On which side of the row around.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    Before,
    Behind,
}

impl<'a> Path<'a> {
    /// Of an aggregate that stands at the outermost rows, or further in.
    pub(super) fn of(aggregate: &'a Aggregate, comparisons: &'a [NowComparison], is_direct: bool) -> Self {
        let mut path = Self::default();
        let mut open: Vec<&Expr> = aggregate.filter.iter().collect();
        let mut others = Vec::new();
        while let Some(part) = open.pop() {
            match &part.kind {
                ExprKind::And(parts) => open.extend(parts.iter().rev()),
                _ => others.push(part),
            }
        }
        others.into_iter().for_each(|part| path.add(part, comparisons));
        path.rest.sort_by_key(|part| asked_at(part));
        if let ([only], AggregateFunction::CountAll) = (path.rest.as_slice(), &aggregate.function)
            && let Some(rank) = ranked(only)
        {
            path.rank = Some(rank);
            path.rest.clear();
        }
        path.depends_on = depends_on(aggregate, comparisons, is_direct);
        path
    }

    fn add(&mut self, part: &'a Expr, comparisons: &[NowComparison]) {
        let names = Names::of(part);
        if names.own_alone() {
            return self.own.push(part);
        }
        match &part.kind {
            ExprKind::Slot(index) if is_window(&comparisons[*index]) => self.windows.push(*index),
            ExprKind::Compare { op: Comparison::Equal, left, right } => self.add_equal(part, left, right, false),
            ExprKind::IsNotDistinct(left, right) => self.add_equal(part, left, right, true),
            ExprKind::Compare { op, left, right } if *op != Comparison::NotEqual => match (&left.kind, &right.kind) {
                (ExprKind::Column(Column::CreatedAt), _) if is_time_around(right) => self.bounds.push((*op, right)),
                (_, ExprKind::Column(Column::CreatedAt)) if is_time_around(left) => {
                    self.bounds.push((op.mirrored(), left));
                }
                _ => self.rest.push(part),
            },
            _ => self.rest.push(part),
        }
    }

    fn add_equal(&mut self, part: &'a Expr, left: &'a Expr, right: &'a Expr, nulls: bool) {
        let (own, around) = match (Names::of(left), Names::of(right)) {
            (left_names, right_names) if left_names.own_alone() && right_names.around_alone() => (left, right),
            (left_names, right_names) if left_names.around_alone() && right_names.own_alone() => (right, left),
            _ => return self.rest.push(part),
        };
        if own.sql_type != around.sql_type {
            return self.rest.push(part);
        }
        self.equal.push(Equal { own, around, nulls });
        if !is_told_apart(own.sql_type) {
            self.rest.push(part);
        }
    }
}

/// Whose columns an expression names.
#[derive(Clone, Copy, Default)]
pub(super) struct Names {
    pub(super) own: bool,
    around: bool,
    /// Aggregates, and what is compared with `now()`.
    other: bool,
}

impl Names {
    pub(super) fn of(expr: &Expr) -> Self {
        let own = Self {
            own: matches!(expr.kind, ExprKind::Column(_)),
            around: matches!(expr.kind, ExprKind::Outer { .. }),
            other: matches!(
                expr.kind,
                ExprKind::Aggregate(_) | ExprKind::Slot(_) | ExprKind::OfUser(_) | ExprKind::InSegment(_)
            ),
        };
        rules::plan::children(expr).into_iter().map(Self::of).fold(own, |left, right| Self {
            own: left.own || right.own,
            around: left.around || right.around,
            other: left.other || right.other,
        })
    }

    pub(super) const fn own_alone(self) -> bool {
        self.own && !self.around && !self.other
    }

    const fn around_alone(self) -> bool {
        self.around && !self.own && !self.other
    }
}

fn is_time_around(expr: &Expr) -> bool {
    expr.sql_type == SqlType::Timestamp && Names::of(expr).around_alone()
}

/// Whether rows of a stretch of time pass a comparison with `now()`.
fn is_window(comparison: &NowComparison) -> bool {
    let one_edge = !matches!(comparison.op, Comparison::Equal | Comparison::NotEqual);
    one_edge && comparison.time.kind == ExprKind::Column(Column::CreatedAt)
}

/// `created_at < around.created_at OR (created_at IS NOT DISTINCT FROM … AND event_id < around.event_id)`
fn ranked(part: &Expr) -> Option<Rank> {
    let ExprKind::Or(parts) = &part.kind else { return None };
    let [first, tied] = parts.as_slice() else { return None };
    let ExprKind::And(tied) = &tied.kind else { return None };
    let [same, second] = tied.as_slice() else { return None };
    let ExprKind::IsNotDistinct(left, right) = &same.kind else { return None };
    let of_row = |expr: &Expr, column| expr.kind == ExprKind::Column(column);
    let of_around = |expr: &Expr, column| expr.kind == ExprKind::Outer { distance: 1, column };
    let rank = |part: &Expr, column| match &part.kind {
        ExprKind::Compare { op, left, right } if of_row(left, column) && of_around(right, column) => match op {
            Comparison::Less => Some(Rank::Before),
            Comparison::Greater => Some(Rank::Behind),
            _ => None,
        },
        _ => None,
    };
    let by_time = rank(first, Column::CreatedAt)?;
    let same_time = of_row(left, Column::CreatedAt) && of_around(right, Column::CreatedAt);
    (same_time && rank(second, Column::EventId)? == by_time).then_some(by_time)
}

/// Cuts places down to those of times that compare so; they are ascending by time.
pub(super) fn within(places: &[u32], op: Comparison, bound: Timestamp, time: impl Fn(u32) -> Timestamp) -> &[u32] {
    let first_from = places.partition_point(|place| time(*place) < bound);
    let first_after = places.partition_point(|place| time(*place) <= bound);
    match op {
        Comparison::Less => &places[..first_from],
        Comparison::LessOrEqual => &places[..first_after],
        Comparison::Greater => &places[first_after..],
        Comparison::GreaterOrEqual => &places[first_from..],
        Comparison::Equal => &places[first_from..first_after],
        // Never a bound: what lies on both sides is looked at row by row.
        Comparison::NotEqual => places,
    }
}
