//! Random conditions on groups of events, derived tables and the numbers of rows.

use crate::Clauses;
use crate::clauses::{COMPARISONS, REGIONS};

/// What events are grouped by, besides the user.
const KEYS: [&str; 6] = [
    "region",
    "date_trunc('minute', created_at)",
    "to_date(created_at)",
    "region, device_type",
    "activity_type",
    "payload->>'plan'",
];
const AGGREGATES: [&str; 8] = [
    "count(*)",
    "sum(order_total)",
    "max(created_at)",
    "count(DISTINCT order_id)",
    "min(order_total)",
    "avg(order_total)",
    "sum(DISTINCT order_total)",
    "avg(DISTINCT order_total)",
];
const ORDERS: [&str; 6] = [
    "created_at",
    "created_at DESC",
    "order_total DESC",
    "region NULLS FIRST, created_at",
    "order_total DESC NULLS FIRST, region",
    "activity_type, event_id DESC",
];

impl Clauses<'_> {
    /// A condition over groups, derived tables or numbered rows.
    pub(crate) fn table(&mut self) -> String {
        match self.random.below(13) {
            11..=12 => self.funnel(),
            0..=1 => self.group(),
            2 => self.group_of_row(),
            3..=4 => self.numbered(),
            5 => self.totals(),
            6 => self.first(),
            7 => self.most(),
            8 => self.distinct(),
            9 => self.consecutive(),
            _ => self.group_or_nothing(),
        }
    }

    /// How far the user came.
    fn funnel(&mut self) -> String {
        let seconds = self.random.pick(&[0, 5, 10, 60]);
        let count = 1 + self.random.below(3);
        let steps: Vec<String> = (0..count).map(|_| self.filter("")).collect();
        let call = format!("window_funnel({seconds})(created_at, {})", steps.join(", "));
        let filter =
            if self.random.chance(70) { String::new() } else { format!(" FILTER (WHERE {})", self.filter("")) };
        format!("{call}{filter} {} {}", self.random.pick(&COMPARISONS), self.random.below(4))
    }

    fn rows(&mut self) -> String {
        if self.random.chance(30) { String::new() } else { format!(" WHERE {}", self.filter("")) }
    }

    fn kept_groups(&mut self) -> String {
        let (op, bound) = (self.random.pick(&COMPARISONS), self.random.below(4));
        match self.random.pick(&AGGREGATES) {
            "max(created_at)" => format!("max(created_at) {op} now() - INTERVAL 10 SECOND"),
            aggregate => format!("{aggregate} {op} {bound}"),
        }
    }

    /// Some group of the user's events passes.
    fn group(&mut self) -> String {
        let (not, key) = (self.random.pick(&["", "NOT "]), self.random.pick(&KEYS));
        let (rows, having) = (self.rows(), self.kept_groups());
        format!("user_id {not}IN (SELECT user_id FROM events{rows} GROUP BY user_id, {key} HAVING {having})")
    }

    /// Likewise, and what the group has in common is that of the row around.
    fn group_of_row(&mut self) -> String {
        let (row, having) = (self.row("e.", 0), self.kept_groups());
        format!(
            "EXISTS (SELECT e.region FROM events e WHERE e.user_id = events.user_id AND {row} GROUP BY e.region \
             HAVING e.region IS NOT DISTINCT FROM events.region AND {having})"
        )
    }

    /// A row of some number passes.
    fn numbered(&mut self) -> String {
        let (partition, order) = (self.random.pick(&["user_id", "user_id, region"]), self.random.pick(&ORDERS));
        let (rows, row, number) = (self.rows(), self.row("t.", 0), 1 + self.random.below(3));
        let (not, op) = (self.random.pick(&["", "NOT "]), self.random.pick(&["=", "=", "<="]));
        format!(
            "user_id {not}IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY {partition} ORDER BY {order}) AS n \
             FROM events{rows}) t WHERE t.n {op} {number} AND {row})"
        )
    }

    /// An aggregate over groups.
    fn totals(&mut self) -> String {
        let (key, rows) = (self.random.pick(&KEYS[..3]), self.rows());
        let (op, bound) = (self.random.pick(&COMPARISONS), self.random.below(4));
        let total = self.random.pick(&["count(*)", "sum(order_total)", "max(order_total)"]);
        let over =
            self.random.pick(&["max(t.total)", "min(t.total)", "sum(t.total)", "count(t.total)", "avg(t.total)"]);
        format!(
            "(SELECT {over} FROM (SELECT user_id, {key} AS part, {total} AS total FROM events{rows} GROUP BY user_id, part) t \
             WHERE t.user_id = events.user_id) {op} {bound}"
        )
    }

    /// The value of the first row of an order.
    fn first(&mut self) -> String {
        let (order, filter) = (self.random.pick(&ORDERS), self.filter("e."));
        let test = self.random.pick(&["= 'CA'", "IS NULL", "<> 'NY'"]);
        format!(
            "(SELECT region FROM events e WHERE e.user_id = events.user_id AND {filter} ORDER BY {order} LIMIT 1) {test}"
        )
    }

    /// What there is most of.
    fn most(&mut self) -> String {
        let (row, region) = (self.row("e.", 0), self.random.pick(&REGIONS));
        format!(
            "(SELECT e.region FROM events e WHERE e.user_id = events.user_id AND {row} GROUP BY e.region \
             ORDER BY count(*) DESC, e.region LIMIT 1) = '{region}'"
        )
    }

    fn distinct(&mut self) -> String {
        let (rows, op, bound) = (self.rows(), self.random.pick(&COMPARISONS), self.random.below(4));
        format!(
            "(SELECT count(*) FROM (SELECT DISTINCT user_id, region, order_total FROM events{rows}) t \
             WHERE t.user_id = events.user_id) {op} {bound}"
        )
    }

    /// Two rows of neighbouring numbers.
    fn consecutive(&mut self) -> String {
        let rows = self.rows();
        let numbered =
            format!("(SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at) AS n FROM events{rows})");
        format!(
            "EXISTS (SELECT 1 FROM {numbered} a JOIN {numbered} b ON b.user_id = a.user_id AND b.n = a.n + 1 \
             WHERE a.user_id = events.user_id AND b.created_at > a.created_at + INTERVAL 10 SECOND)"
        )
    }

    /// A value of the user's group, if there is one.
    fn group_or_nothing(&mut self) -> String {
        let (filter, having) = (self.filter("e."), self.kept_groups());
        let test = self.random.pick(&["IS NULL", "> 1", "< 3"]);
        format!(
            "(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND {filter} GROUP BY e.user_id HAVING {having}) {test}"
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::{Clauses, Random};

    #[test]
    fn random_conditions_on_tables_compile_unless_they_are_too_large() {
        let mut random = Random::new(1);
        let clauses: Vec<String> = (0..200).map(|_| Clauses { random: &mut random }.table()).collect();
        for text in &clauses {
            let compiled = rules::compile(text);
            let errors = compiled.diagnostics.iter().filter(|found| found.severity == rules::Severity::Error);
            let others: Vec<_> = errors.filter(|error| error.code != rules::Code::Limits).collect();
            assert!(others.is_empty(), "{text}\n{others:#?}");
        }
        let accepted = clauses.iter().filter(|text| rules::compile(text).rule.is_some()).count();
        assert!(accepted > 150, "only {accepted} of 200 compile");
    }
}
