//! What the value of an aggregate hangs on that stands at a row, so that it is computed once for all rows that
//! are alike in it, and in which order conditions are asked.
//!
//! The engine goes by it, and [`mod@crate::compile`] tells the costs of a rule by it.

use crate::plan::children;
use crate::{Aggregate, AggregateFunction, Column, Expr, ExprKind, NowComparison, SqlType};

/// What is the same where an aggregate comes to the same.
#[derive(Clone, PartialEq, Debug)]
pub enum DependsOn {
    /// Of the rows around; few rows differ in it.
    Values(Vec<Expr>),
    /// The row that it stands at, which is one of another aggregate: each of that one's rows comes by again for
    /// every row around.
    Row,
}

/// Returns what the value of an aggregate hangs on, if it can be expected to be asked for that again.
///
/// It stands at the outermost rows (`is_direct`), or further in.
pub fn depends_on(aggregate: &Aggregate, comparisons: &[NowComparison], is_direct: bool) -> Option<DependsOn> {
    let mut named = Named { comparisons, parts: Vec::new(), is_of_one_row: true };
    aggregate.children().for_each(|part| named.collect(part, 0));
    let Named { parts, is_of_one_row, .. } = named;
    let few = parts.iter().all(|part| is_told_apart(part.sql_type) && !is_unlike(part));
    match parts.is_empty() {
        false if few => Some(DependsOn::Values(parts)),
        false if is_of_one_row && !is_direct => Some(DependsOn::Row),
        _ => None,
    }
}

/// Returns whether two values of a type are equal exactly if their keys are.
pub const fn is_told_apart(sql_type: SqlType) -> bool {
    !matches!(sql_type, SqlType::Double | SqlType::Variant | SqlType::Interval | SqlType::Null)
}

/// Returns when a condition is asked among those that must all be TRUE, the least first: aggregates inside of each
/// other take the longest, and whether there is a row is known before how many there are.
pub fn asked_at(part: &Expr) -> (usize, bool) {
    let asked = if let ExprKind::Not(inner) = &part.kind { inner } else { part };
    let is_existence = matches!(&asked.kind, ExprKind::Aggregate(found) if found.function == AggregateFunction::Exists);
    (nesting(part), !is_existence)
}

/// Returns how many aggregates stand inside of each other.
fn nesting(part: &Expr) -> usize {
    let inside = part.children().into_iter().map(nesting).max().unwrap_or(0);
    inside + usize::from(matches!(part.kind, ExprKind::Aggregate(_)))
}

/// Whether hardly two rows have it in common.
fn is_unlike(part: &Expr) -> bool {
    matches!(
        part.kind,
        ExprKind::Outer { column: Column::EventId | Column::CreatedAt | Column::ReceivedAt | Column::Payload, .. }
    )
}

/// What an aggregate names of the rows around.
struct Named<'c> {
    comparisons: &'c [NowComparison],
    /// As seen from the aggregate's rows, each once.
    parts: Vec<Expr>,
    /// Whether all of it is of the row that the aggregate stands at.
    is_of_one_row: bool,
}

impl Named<'_> {
    /// Collects the greatest parts that only name rows around; inside of so many further aggregates, the columns.
    fn collect(&mut self, part: &Expr, inside: usize) {
        match &part.kind {
            _ if inside == 0 && is_around_alone(part) => self.add(part.clone()),
            ExprKind::Outer { distance, column } if *distance > inside => {
                let kind = ExprKind::Outer { distance: distance - inside, column: *column };
                self.add(Expr { kind, ..part.clone() });
            }
            ExprKind::Aggregate(further) => further.children().for_each(|part| self.collect(part, inside + 1)),
            ExprKind::Slot(index) => {
                if let Some(comparison) = self.comparisons.get(*index) {
                    self.collect(&comparison.time, inside);
                }
            }
            _ => children(part).into_iter().for_each(|child| self.collect(child, inside)),
        }
    }

    fn add(&mut self, part: Expr) {
        self.is_of_one_row &= part.reach() == 1;
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
    }
}

/// Returns whether an expression names rows around, and nothing else that can differ.
pub fn is_around_alone(part: &Expr) -> bool {
    part.reach() > 0 && !names_row(part) && !names_other(part)
}

/// Returns whether an expression names a column of the row.
pub fn names_row(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Column(_)) || children(expr).into_iter().any(names_row)
}

/// Returns whether an expression holds an aggregate, a comparison with `now()`, or what is known of the user.
pub fn names_other(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Aggregate(_) | ExprKind::Slot(_))
        || expr.is_of_user()
        || children(expr).into_iter().any(names_other)
}
