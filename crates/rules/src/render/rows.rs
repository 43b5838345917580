//! Where the rows of a Databend query come from, and the aggregates beside them.
//!
//! The aggregates that stand at a row are columns of grouped subqueries that it is joined with: one with
//! a group per user, and, for those that name the row they stand at, one with a group per row. Every
//! row has its group, so that no join loses one, and correlated subqueries, which Databend answers
//! wrongly or types wrongly, are not needed. A filter stands inside its aggregate: in WHERE it could
//! leave no row of a group. What is inside of an aggregate is made the same way, one level down.

use crate::render::databend::Databend;
use crate::render::print;
use crate::{Aggregate, Expr, ExprKind, plan};

/// What makes a row the one and no other, never NULL.
const IDENTITY: [&str; 3] = ["user_id", "event_id", "received_at"];

/// The rows that an expression is printed over.
#[derive(Clone)]
pub(super) struct Rows<'r> {
    level: usize,
    /// What columns are qualified with.
    pub(super) name: String,
    /// What columns of the row around are qualified with.
    pub(super) around: String,
    /// Those that stand at these rows, each once.
    aggregates: Vec<&'r Aggregate>,
}

impl<'r> Rows<'r> {
    /// The rows of the clause itself.
    pub(super) fn of_clause(expr: &'r Expr) -> Self {
        Self::at(0, [expr])
    }

    fn at(level: usize, exprs: impl IntoIterator<Item = &'r Expr>) -> Self {
        let mut aggregates = Vec::new();
        exprs.into_iter().for_each(|expr| collect(expr, &mut aggregates));
        Self { level, name: print::alias(level), around: format!("o{level}"), aggregates }
    }

    /// The rows that these aggregates go over.
    fn inside(&self, aggregates: &[&'r Aggregate]) -> Self {
        Self::at(self.level + 1, aggregates.iter().flat_map(|aggregate| aggregate.children()))
    }

    /// Prints the column that holds an aggregate of the row.
    pub(super) fn value_of(&self, aggregate: &Aggregate) -> String {
        let index = self.aggregates.iter().position(|known| *known == aggregate);
        format!("{}.a{}", self.group(aggregate.is_correlated()), index.unwrap_or(self.aggregates.len()))
    }

    fn group(&self, of_row: bool) -> String {
        let kind = if of_row { "c" } else { "u" };
        if self.level == 0 { kind.to_owned() } else { format!("{kind}{}", self.level) }
    }
}

impl Databend<'_> {
    /// The joins with the groups of the rows; nothing where no aggregate is asked for.
    pub(super) fn joins(&self) -> String {
        [false, true].map(|of_row| self.join(of_row)).concat()
    }

    fn join(&self, of_row: bool) -> String {
        let aggregates: Vec<&Aggregate> =
            self.rows.aggregates.iter().copied().filter(|aggregate| aggregate.is_correlated() == of_row).collect();
        if aggregates.is_empty() {
            return String::new();
        }
        let inner = Databend { now: self.now, rows: self.rows.inside(&aggregates) };
        let (own, around) = (&inner.rows.name, &inner.rows.around);
        let (keyed, identity) = if of_row { (around, &IDENTITY[..]) } else { (own, &IDENTITY[..1]) };
        let key = identity.iter().map(|column| format!("{keyed}.{column}")).collect::<Vec<_>>().join(", ");
        let from = if of_row {
            format!("events {around} JOIN events {own} ON {own}.user_id = {around}.user_id")
        } else {
            format!("events {own}")
        };
        let columns =
            self.rows.aggregates.iter().enumerate().filter(|(_, aggregate)| aggregate.is_correlated() == of_row);
        let columns: String =
            columns.map(|(index, aggregate)| format!(", {} AS a{index}", inner.call(aggregate))).collect();
        let (group, row) = (self.rows.group(of_row), &self.rows.name);
        let same = identity.iter().map(|column| format!("{group}.{column} = {row}.{column}"));
        format!(
            " JOIN (SELECT {key}{columns} FROM {from}{} GROUP BY {key}) {group} ON {}",
            inner.joins(),
            same.collect::<Vec<_>>().join(" AND ")
        )
    }
}

/// Collects the aggregates that stand in an expression, not those inside of them.
fn collect<'r>(expr: &'r Expr, found: &mut Vec<&'r Aggregate>) {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) if found.contains(&&**aggregate) => {}
        ExprKind::Aggregate(aggregate) => found.push(aggregate),
        _ => plan::children(expr).into_iter().for_each(|part| collect(part, found)),
    }
}
