//! Random clauses, as text, from the whole grammar that is supported.
//!
//! Small alphabets and few intervals, so that conditions meet the events and each other.

use crate::Random;

pub(crate) const ACTIVITIES: [&str; 3] = ["page_viewed", "added_to_cart", "product_purchased"];
pub(crate) const REGIONS: [&str; 3] = ["CA", "NY", "cä"];
pub(crate) const DEVICES: [&str; 2] = ["mobile", "desktop"];
pub(crate) const ORDERS: [&str; 3] = ["o1", "o2", "o3"];
pub(crate) const TOTALS: [&str; 4] = ["0", "9.99", "10", "-2.5"];
pub(crate) const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
pub(crate) const INTERVALS: [&str; 6] = [
    "INTERVAL 5 SECOND",
    "INTERVAL 10 SECOND",
    "INTERVAL '30 seconds'",
    "INTERVAL 1 MINUTE",
    "INTERVAL '2 minutes'",
    "INTERVAL 0 SECOND",
];

/// Returns a random clause.
pub fn clause(random: &mut Random) -> String {
    Clauses { random }.clause(2)
}

/// Writes clauses, choosing by a random sequence.
#[derive(Debug)]
pub struct Clauses<'a> {
    pub(crate) random: &'a mut Random,
}

impl Clauses<'_> {
    fn clause(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(35) {
            return match self.random.below(14) {
                13 => self.pairs(),
                12 => self.table(),
                0..=2 => self.row("events.", 1),
                3 => self.window("events."),
                4..=5 => self.interpreted(),
                _ => self.user(),
            };
        }
        self.junction(depth, Self::clause)
    }

    fn junction(&mut self, depth: usize, part: impl Fn(&mut Self, usize) -> String) -> String {
        let (left, right) = (part(self, depth - 1), part(self, depth - 1));
        match self.random.below(10) {
            0..=2 => format!("({left} AND {right})"),
            3..=4 => format!("({left} OR {right})"),
            5 => format!("NOT ({left} AND {right})"),
            6 => format!("(NOT ({left}) OR {right})"),
            7 => format!("({left} AND {right}) IS NOT TRUE"),
            8 => format!("NOT (({left} OR {right}) IS TRUE)"),
            _ => format!("({left} OR {right}) IS NOT FALSE"),
        }
    }

    /// A condition on one row, without `now()`.
    pub(crate) fn row(&mut self, table: &str, depth: usize) -> String {
        if depth > 0 && self.random.chance(30) {
            let table = table.to_owned();
            return self.junction(depth, move |clauses, depth| clauses.row(&table, depth));
        }
        let (op, region) = (self.random.pick(&COMPARISONS), self.random.pick(&REGIONS));
        let total = self.random.pick(&TOTALS);
        match self.random.below(26) {
            0..=4 => format!("{table}activity_type = '{}'", self.random.pick(&ACTIVITIES)),
            5 => format!("{table}activity_type IN ('{}', 'product_purchased')", self.random.pick(&ACTIVITIES)),
            6 => format!("{table}activity_type <> '{}'", self.random.pick(&ACTIVITIES)),
            7 => format!("{table}region {op} '{region}'"),
            8 => format!("{table}region IS NOT NULL"),
            9 => format!("{table}region NOT IN ('{region}', NULL)"),
            10 => format!("{table}region IS DISTINCT FROM '{region}'"),
            11 => format!("lower({table}region) LIKE 'c_'"),
            12 => format!("{table}order_total {op} {total}"),
            13 => format!("{table}order_total IS NULL"),
            14 => format!("coalesce({table}order_total, 5) / 3 {op} {total}"),
            15 => format!("CASE WHEN {table}order_total > 5 THEN {table}region ELSE {table}device_type END = 'mobile'"),
            16 => format!("{table}created_at {op} TIMESTAMP '2026-01-01 00:01:00'"),
            17..=20 => self.payload(table),
            21 => self.cast(table),
            22..=23 => self.calendar(table),
            24 => {
                let percent = self.random.pick(&["0", "30", "50.25", "100"]);
                format!("rollout({percent}, '{}')", self.random.pick(&["a", "b", "c"]))
            }
            _ => format!("{table}device_type = '{}'", self.random.pick(&DEVICES)),
        }
    }

    /// A condition on the payload.
    fn payload(&mut self, table: &str) -> String {
        let op = self.random.pick(&COMPARISONS);
        match self.random.below(14) {
            0 => format!("{table}payload['plan'] = 'pro'"),
            1 => format!("{table}payload:plan <> 'pro'"),
            2 => format!("{table}payload['plan'] {op} 'pro'"),
            3 => format!("{table}payload['plan'] IN ('pro', '1', NULL)"),
            4 => format!("{table}payload->>'plan' {op} 'free'"),
            5 => format!("{table}payload['n'] {op} {}", self.random.pick(&["0", "1.5", "3", "-2.0"])),
            6 => format!("{table}payload['n']::BIGINT {op} {}", self.random.pick(&["0", "2", "10"])),
            7 => format!("{table}payload['n'] {op} {table}payload['plan']"),
            8 => format!("{table}payload['plan'] IS NULL"),
            9 => format!("{table}payload['n'] = TRUE"),
            10 => format!("{table}payload['a'][1]['b'] IS NOT DISTINCT FROM 'pro'"),
            11 => format!("{table}payload['a'] {op} {table}payload['n']"),
            12 => format!("{table}payload['plan'] LIKE 'p%' ESCAPE '!'"),
            _ => format!("{table}payload['at'] {op} TIMESTAMP '2026-01-01 00:00:30'"),
        }
    }

    /// A condition on what values become by a cast or by a function of numbers and texts.
    fn cast(&mut self, table: &str) -> String {
        let op = self.random.pick(&COMPARISONS);
        match self.random.below(8) {
            0 => format!("CAST({table}order_total AS BIGINT) {op} 10"),
            1 => format!("TRY_CAST({table}payload->>'n' AS DECIMAL(10, 1)) {op} 1.5"),
            2 => format!("{table}order_total::VARCHAR {op} '9.9900'"),
            3 => format!("round({table}order_total, 1) {op} 10"),
            4 => format!("floor({table}order_total) {op} ceil({table}order_total)"),
            5 => format!("substr({table}region, -2, 1) = 'c'"),
            6 => format!("({table}region || 'x')::BOOLEAN IS NULL"),
            _ => format!("{table}order_total::DOUBLE / 3 {op} 3.33"),
        }
    }

    /// A condition on the calendar.
    fn calendar(&mut self, table: &str) -> String {
        let op = self.random.pick(&COMPARISONS);
        match self.random.below(6) {
            0 => format!("date_trunc('minute', {table}created_at) {op} TIMESTAMP '2026-01-01 00:01:00'"),
            1 => format!("date_trunc(week, {table}created_at) {op} '2025-12-29'"),
            2 => format!("to_date({table}created_at) {op} DATE '2026-01-01'"),
            3 => format!("extract(second FROM {table}created_at) {op} 30"),
            4 => format!("date_part('minute', {table}created_at) % 2 = 0"),
            _ => format!("to_date({table}payload->>'at') {op} {table}created_at"),
        }
    }

    /// A comparison of `created_at` with `now()`.
    pub(crate) fn window(&mut self, table: &str) -> String {
        let (far, near) = (self.random.pick(&INTERVALS), self.random.pick(&INTERVALS));
        match self.random.below(17) {
            12 => self.cut_down(table),
            13 => format!("{table}created_at >= date_trunc('minute', now()) - {far}"),
            14 => format!("date_trunc('minute', {table}created_at) = date_trunc('minute', now()) - INTERVAL 1 MINUTE"),
            15 => format!(
                "{table}created_at < date_trunc('minute', now()) + {far} AND {table}created_at > now() - {near}"
            ),
            0..=3 => format!("{table}created_at >= now() - {far}"),
            4 => format!("{table}created_at > now() - {far}"),
            5 => format!("{table}created_at < now() - {far}"),
            6 => format!("now() - {far} >= {table}created_at"),
            7 => format!("{table}created_at BETWEEN now() - {far} AND now() - {near}"),
            8 => format!("{table}created_at + {far} > now()"),
            9 => format!("({table}created_at >= now() - {far} AND {table}created_at <= now())"),
            10 => format!("{table}created_at <= now() + {near}"),
            _ => format!("NOT ({table}created_at < now() - {far})"),
        }
    }

    /// A comparison of an instant that is cut down with `now()` that is cut down.
    fn cut_down(&mut self, table: &str) -> String {
        let op = self.random.pick(&COMPARISONS);
        match self.random.below(5) {
            0 => format!("to_date({table}created_at) {op} today()"),
            1 => format!("date_trunc('second', {table}created_at) {op} date_trunc('minute', now())"),
            2 => {
                format!("date_trunc('minute', {table}created_at) {op} date_trunc('minute', now()) - INTERVAL 2 MINUTE")
            }
            3 => format!("{table}created_at {op} date_trunc('month', now())"),
            _ => format!("date_trunc('hour', now()) {op} {table}created_at"),
        }
    }

    /// What an aggregate counts.
    pub(crate) fn filter(&mut self, table: &str) -> String {
        match self.random.below(10) {
            0..=3 => self.row(table, 1),
            4..=5 => self.window(table),
            _ => format!("{} AND {}", self.row(table, 1), self.window(table)),
        }
    }

    fn filtered(&mut self, aggregate: &str) -> String {
        if self.random.chance(20) {
            return aggregate.to_owned();
        }
        let filter = self.filter("");
        format!("{aggregate} FILTER (WHERE {filter})")
    }

    pub(crate) fn number(&mut self) -> String {
        let aggregate = self.random.pick(&[
            "count(*)",
            "count(*)",
            "count(order_total)",
            "count(DISTINCT order_id)",
            "count(DISTINCT region)",
            "count(DISTINCT order_total)",
            "sum(order_total)",
            "avg(order_total)",
            "min(order_total)",
            "max(order_total)",
            "arg_max(order_total, created_at)",
            "arg_min(order_total, created_at)",
            "sum(order_total * 2 - 1)",
            "sum(payload['n'])",
            "avg(CAST(payload['n'] AS DOUBLE))",
            "max(payload['n']::DECIMAL(18, 2))",
            "count(DISTINCT payload->>'plan')",
            "count(DISTINCT to_date(created_at))",
        ]);
        self.filtered(aggregate)
    }

    pub(crate) fn time(&mut self) -> String {
        let aggregate = self.random.pick(&["max(created_at)", "max(created_at)", "min(created_at)"]);
        self.filtered(aggregate)
    }

    pub(crate) fn text(&mut self) -> String {
        let aggregate = self.random.pick(&[
            "arg_max(region, created_at)",
            "arg_min(region, created_at)",
            "max(region)",
            "min(device_type)",
            "arg_max(payload['plan'], created_at)",
            "max(payload->>'n')",
        ]);
        self.filtered(aggregate)
    }

    /// A condition on the user: over all of the user's events.
    fn user(&mut self) -> String {
        let (op, interval) = (self.random.pick(&COMPARISONS), self.random.pick(&INTERVALS));
        let threshold = self.random.pick(&["0", "1", "2", "3", "4.5", "10"]);
        match self.random.below(21) {
            0..=4 => format!("{} {op} {threshold}", self.number()),
            5 => format!("{} {op} {}", self.number(), self.number()),
            6..=7 => format!("{} {op} now() - {interval}", self.time()),
            8 => match self.random.below(4) {
                0 => format!("date_trunc('minute', {}) {op} date_trunc('minute', now())", self.time()),
                1 => format!("{} {op} date_trunc('minute', now()) - {interval}", self.time()),
                2 => format!("to_date({}) {op} to_date(now())", self.time()),
                _ => format!("{} BETWEEN now() - INTERVAL 1 MINUTE AND now() - {interval}", self.time()),
            },
            9 => format!("coalesce({}, TIMESTAMP '1970-01-01 00:00:00') < {}", self.time(), self.time()),
            10 => format!("now() - {interval} {op} {}", self.time()),
            11 => format!("{} {op} '{}'", self.text(), self.random.pick(&REGIONS)),
            12 => format!("{} IS NULL", self.text()),
            13..=14 => self.exists(),
            15..=17 => self.membership_of_group(),
            18 => self.scalar_subquery(threshold),
            19 => format!("now() {op} TIMESTAMP '2026-01-01 00:01:30'"),
            _ => format!("CASE WHEN {} {op} {threshold} THEN {} {op} 2 END", self.number(), self.number()),
        }
    }

    fn exists(&mut self) -> String {
        let not = self.random.pick(&["", "NOT "]);
        let filter = self.filter("e.");
        format!("{not}EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND {filter})")
    }

    fn membership_of_group(&mut self) -> String {
        let not = self.random.pick(&["", "", "NOT "]);
        let filter = self.filter("");
        let having = match self.random.below(3) {
            0 => String::new(),
            1 => format!(" GROUP BY user_id HAVING {}", self.having()),
            _ => format!(" GROUP BY user_id HAVING {} AND {}", self.having(), self.having()),
        };
        format!("user_id {not}IN (SELECT user_id FROM events WHERE {filter}{having})")
    }

    fn having(&mut self) -> String {
        let aggregate =
            self.random.pick(&["count(*)", "sum(order_total)", "count(DISTINCT order_id)", "max(order_total)"]);
        format!("{aggregate} {} {}", self.random.pick(&COMPARISONS), self.random.below(4))
    }

    fn scalar_subquery(&mut self, threshold: &str) -> String {
        let filter = self.filter("e.");
        let op = self.random.pick(&COMPARISONS);
        format!("(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND {filter}) {op} {threshold}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn most_random_clauses_compile_and_the_others_are_refused_as_unsupported_or_too_large() {
        let clauses: Vec<String> = (0..500).map(|seed| clause(&mut Random::new(seed))).collect();
        let compiled: Vec<rules::Compiled> = clauses.iter().map(|text| rules::compile(text)).collect();
        let accepted = compiled.iter().filter(|compiled| compiled.rule.is_some()).count();
        assert!(accepted >= 400, "only {accepted} of 500 compile");
        let refused = compiled.iter().filter(|compiled| compiled.rule.is_none());
        let errors = refused.flat_map(|compiled| &compiled.diagnostics);
        let errors = errors.filter(|diagnostic| diagnostic.severity == rules::Severity::Error);
        let codes: BTreeSet<rules::Code> = errors.map(|diagnostic| diagnostic.code).collect();
        let expected = BTreeSet::from([rules::Code::Unsupported, rules::Code::Limits]);
        assert!(codes.is_subset(&expected), "{codes:?}");
    }
}
