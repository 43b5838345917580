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

/// What makes a row of a user the one and no other, never NULL.
const IDENTITY: [&str; 2] = ["event_id", "received_at"];

/// The rows that an expression is printed over.
#[derive(Clone)]
pub(super) struct Rows<'r> {
    level: usize,
    /// What columns are qualified with.
    pub(super) name: String,
    /// What those of the rows around are qualified with, from the nearest on.
    around: Vec<String>,
    /// Those that stand at these rows, each once.
    aggregates: Vec<&'r Aggregate>,
    /// Whether anything known of the user stands there.
    reads_user: bool,
    /// The tags of the segments that stand there, each once.
    segments: Vec<&'r str>,
}

impl<'r> Rows<'r> {
    /// The rows of the clause itself.
    pub(super) fn of_clause(expr: &'r Expr) -> Self {
        Self::at(0, 0, [expr])
    }

    fn at(level: usize, reach: usize, exprs: impl IntoIterator<Item = &'r Expr>) -> Self {
        let around = (1..=reach).map(|distance| again(level, distance)).collect();
        let (aggregates, segments) = (Vec::new(), Vec::new());
        let mut rows = Self { level, name: print::alias(level), around, aggregates, reads_user: false, segments };
        exprs.into_iter().for_each(|expr| rows.collect(expr));
        rows
    }

    /// The rows that these aggregates go over.
    fn inside(&self, aggregates: &[&'r Aggregate]) -> Self {
        let reach = aggregates.iter().map(|aggregate| aggregate.reach()).max().unwrap_or(0);
        Self::at(self.level + 1, reach, aggregates.iter().flat_map(|aggregate| aggregate.children()))
    }

    /// What columns of a row around are qualified with.
    pub(super) fn around(&self, distance: usize) -> &str {
        distance.checked_sub(1).and_then(|at| self.around.get(at)).map_or("", String::as_str)
    }

    /// What the rows are qualified with that an inner row can name, from the nearest on: itself first.
    fn chain(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.around.iter().map(String::as_str))
    }

    /// Prints the column that holds an aggregate of the row.
    pub(super) fn value_of(&self, aggregate: &Aggregate) -> String {
        let index = self.aggregates.iter().position(|known| *known == aggregate);
        format!("{}.a{}", self.group(aggregate.is_correlated()), index.unwrap_or(self.aggregates.len()))
    }

    /// The rows, once for each combination of rows around them.
    fn from(&self) -> String {
        let same_user = |row| format!(" JOIN events {row} ON {row}.user_id = {}.user_id", self.name);
        format!("events {}{}", self.name, self.around.iter().map(same_user).collect::<String>())
    }

    /// What a group has in common: the user, and the rows around.
    fn key(&self) -> Vec<String> {
        let of_row = |row: &String| IDENTITY.map(|column| format!("{row}.{column}"));
        std::iter::once(format!("{}.user_id", self.name)).chain(self.around.iter().flat_map(of_row)).collect()
    }

    /// The condition that finds the group of these rows and of those around them.
    fn finds(&self, group: &str, rows: usize) -> String {
        let of_row = |row| IDENTITY.map(|column| format!("{row}.{column}"));
        let key = std::iter::once(format!("{}.user_id", self.name)).chain(self.chain().take(rows).flat_map(of_row));
        let same = key.enumerate().map(|(at, part)| format!("{group}.k{at} = {part}"));
        same.collect::<Vec<_>>().join(" AND ")
    }

    /// What the columns of `users` are qualified with.
    pub(super) fn user(&self) -> String {
        format!("p{}", self.level)
    }

    /// What the rows of a segment's members are qualified with.
    pub(super) fn segment(&self, tag: &str) -> String {
        let index = self.segments.iter().position(|known| *known == tag);
        format!("s{}_{}", self.level, index.unwrap_or(self.segments.len()))
    }

    /// Whether anything stands there that is known of the user, or a segment.
    pub(super) fn joins_users(&self) -> bool {
        self.reads_user || !self.segments.is_empty()
    }

    /// The joins with what else is known of the users; no user is lost, nor there twice.
    fn users(&self) -> String {
        let (row, user) = (&self.name, self.user());
        let mut joins = String::new();
        if self.reads_user {
            joins += &format!(" LEFT JOIN users {user} ON {user}.user_id = {row}.user_id");
        }
        for tag in &self.segments {
            let (members, tag) = (self.segment(tag), print::text(tag));
            joins += &format!(
                " LEFT JOIN (SELECT DISTINCT user_id FROM segment_members WHERE segment = {tag}) {members} \
                 ON {members}.user_id = {row}.user_id"
            );
        }
        joins
    }

    /// Collects what stands in an expression, not what is inside of its aggregates.
    fn collect(&mut self, expr: &'r Expr) {
        match &expr.kind {
            ExprKind::Aggregate(aggregate) if self.aggregates.contains(&&**aggregate) => {}
            ExprKind::Aggregate(aggregate) => self.aggregates.push(aggregate),
            ExprKind::OfUser(_) => self.reads_user = true,
            ExprKind::InSegment(tag) if self.segments.contains(&tag.as_str()) => {}
            ExprKind::InSegment(tag) => self.segments.push(tag),
            _ => plan::children(expr).into_iter().for_each(|part| self.collect(part)),
        }
    }

    fn group(&self, of_row: bool) -> String {
        let kind = if of_row { "c" } else { "u" };
        if self.level == 0 { kind.to_owned() } else { format!("{kind}{}", self.level) }
    }
}

impl Databend<'_> {
    /// The joins with the groups of the rows; nothing where no aggregate is asked for.
    pub(super) fn joins(&self) -> String {
        [false, true].map(|of_row| self.join(of_row)).concat() + &self.rows.users()
    }

    fn join(&self, of_row: bool) -> String {
        let aggregates: Vec<&Aggregate> =
            self.rows.aggregates.iter().copied().filter(|aggregate| aggregate.is_correlated() == of_row).collect();
        if aggregates.is_empty() {
            return String::new();
        }
        let inner = Databend { now: self.now, rows: self.rows.inside(&aggregates) };
        let columns = self.rows.aggregates.iter().enumerate();
        let columns = columns.filter(|(_, aggregate)| aggregate.is_correlated() == of_row);
        let columns = columns.map(|(index, aggregate)| format!(", {} AS a{index}", inner.call(aggregate)));
        let (columns, key, group) = (columns.collect::<String>(), inner.rows.key(), self.rows.group(of_row));
        let shown = key.iter().enumerate().map(|(at, part)| format!("{part} AS k{at}"));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let (from, same) = (inner.rows.from() + &inner.joins(), self.rows.finds(&group, inner.rows.around.len()));
        format!(" JOIN (SELECT {shown}{columns} FROM {from} GROUP BY {}) {group} ON {same}", key.join(", "))
    }
}

/// The name of a row around the rows of a level, read again.
fn again(level: usize, distance: usize) -> String {
    if distance == 1 { format!("o{level}") } else { format!("o{level}_{distance}") }
}
