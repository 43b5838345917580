//! Random conditions that no fold expresses: a row against the user's other events.

use crate::Clauses;
use crate::clauses::{COMPARISONS, DEVICES, INTERVALS, REGIONS};

impl Clauses<'_> {
    /// A condition that is evaluated over retained events.
    pub(crate) fn interpreted(&mut self) -> String {
        let op = self.random.pick(&COMPARISONS);
        match self.random.below(17) {
            15 => format!("date_trunc('month', events.created_at) {op} date_trunc('month', now())"),
            16 => format!("events.payload['n'] {op} {}", self.number()),
            14 => self.in_values(),
            12..=13 => self.join(),
            0 => format!("events.order_total {op} {}", self.number()),
            1 => format!("events.created_at {op} {}", self.time()),
            2 => format!("coalesce(events.region, 'CA') {op} {}", self.text()),
            3..=5 => self.another("events", "e", 1),
            6 => self.counted("events", "e"),
            7 => self.scalar(),
            8 => self.several_windows(),
            9 => self.received("events."),
            10 => format!(
                "CASE WHEN {} THEN events.region ELSE events.device_type END = '{}'",
                self.window("events."),
                self.random.pick(&DEVICES)
            ),
            _ => format!("sum(CASE WHEN {} THEN order_total END) {op} {}", self.window(""), self.random.below(20)),
        }
    }

    /// What one row has to do with another.
    pub(crate) fn related(&mut self, around: &str, own: &str) -> String {
        let (op, interval) = (self.random.pick(&COMPARISONS), self.random.pick(&INTERVALS));
        match self.random.below(13) {
            8 => format!("{own}.payload['n'] {op} {around}.payload['n']"),
            9 => format!("{own}.payload->>'plan' {op} {around}.payload->>'plan'"),
            10 => format!("{own}.payload['n']::DECIMAL(18, 2) {op} {around}.order_total"),
            11 => format!("{around}.payload['a'][1] IS NOT DISTINCT FROM {own}.payload:a[1]"),
            12 => format!("{own}.order_total::BIGINT {op} round({around}.order_total)"),
            0..=1 => format!("{own}.created_at {op} {around}.created_at"),
            2 => format!(
                "{own}.created_at > {around}.created_at AND {own}.created_at <= {around}.created_at + {interval}"
            ),
            3 => format!("{own}.region = {around}.region"),
            4 => format!("{own}.order_total {op} {around}.order_total"),
            5 => format!("{own}.device_type IS DISTINCT FROM {around}.device_type"),
            6 => format!("{own}.event_id <> {around}.event_id AND {own}.order_id = {around}.order_id"),
            _ => format!("({own}.region = {around}.region OR {own}.created_at < {around}.created_at)"),
        }
    }

    /// Which other rows are meant.
    fn others(&mut self, around: &str, own: &str) -> String {
        let related = self.related(around, own);
        let qualified = format!("{own}.");
        match self.random.below(4) {
            0 => related,
            1 => format!("{related} AND {}", self.row(&qualified, 1)),
            2 => format!("{related} AND {}", self.window(&qualified)),
            _ => format!("{related} AND {} AND {}", self.row(&qualified, 0), self.received(&qualified)),
        }
    }

    /// There is (not) another row of that kind.
    fn another(&mut self, around: &str, own: &str, depth: usize) -> String {
        let not = self.random.pick(&["", "NOT "]);
        let others = self.others(around, own);
        let also = match self.random.below(4) {
            0 if depth > 0 => format!(" AND {}", self.another(own, "f", depth - 1)),
            2 if depth > 0 => {
                let (near, far) = (self.related(own, "f"), self.related(around, "f"));
                format!(" AND EXISTS (SELECT 1 FROM events f WHERE f.user_id = {own}.user_id AND {near} AND {far})")
            }
            1 if depth > 0 => format!(" AND {}", self.counted(own, "f")),
            _ => String::new(),
        };
        format!("{not}EXISTS (SELECT 1 FROM events {own} WHERE {own}.user_id = {around}.user_id AND {others}{also})")
    }

    /// A value is (not) among those of other rows, some of which are NULL.
    fn in_values(&mut self) -> String {
        let columns = ["region", "order_id", "order_total", "payload['plan']", "payload['n']::BIGINT"];
        let (not, column) = (self.random.pick(&["", "NOT "]), self.random.pick(&columns));
        let filter = self.filter("e.");
        format!(
            "events.{column} {not}IN (SELECT e.{column} FROM events e WHERE e.user_id = events.user_id \
             AND e.event_id <> events.event_id AND {filter})"
        )
    }

    /// There is (not) a pair of rows, by a join.
    fn join(&mut self) -> String {
        let not = self.random.pick(&["", "NOT "]);
        let (related, first) = (self.related("v", "p"), self.row("v.", 1));
        let second = match self.random.below(8) {
            6 => "coalesce(p.order_total, 7) + 1 > v.order_total".to_owned(),
            4 => "p.payload['plan'] = v.payload['plan']".to_owned(),
            5 => "CAST(p.payload['n'] AS BIGINT) > v.order_total".to_owned(),
            0 => "p.event_id IS NULL".to_owned(),
            1 => "(p.region IS NULL OR p.region = v.region)".into(),
            2 => self.window("p."),
            3 => "p.order_total > 5".to_owned(),
            _ => "v.region IS NOT DISTINCT FROM p.region".to_owned(),
        };
        let kind = self.random.pick(&["JOIN", "LEFT JOIN"]);
        let from = format!("FROM events v {kind} events p ON p.user_id = v.user_id AND {related}");
        match self.random.below(2) {
            0 => format!("{not}EXISTS (SELECT 1 {from} WHERE v.user_id = events.user_id AND {first} AND {second})"),
            _ => format!("user_id {not}IN (SELECT v.user_id {from} WHERE {first} AND {second})"),
        }
    }

    /// There are so many other rows of that kind.
    fn counted(&mut self, around: &str, own: &str) -> String {
        let (op, others) = (self.random.pick(&COMPARISONS), self.others(around, own));
        let bound = self.random.below(4);
        format!("(SELECT count(*) FROM events {own} WHERE {own}.user_id = {around}.user_id AND {others}) {op} {bound}")
    }

    /// A value of the other rows.
    fn scalar(&mut self) -> String {
        let (op, others, interval) =
            (self.random.pick(&COMPARISONS), self.others("events", "e"), self.random.pick(&INTERVALS));
        let select = |value| format!("(SELECT {value} FROM events e WHERE e.user_id = events.user_id AND {others})");
        match self.random.below(5) {
            0 => format!("{} {op} events.order_total", select("sum(e.order_total)")),
            1 => format!("{} {op} events.order_total", select("avg(e.order_total)")),
            2 => format!("{} {op} now() - {interval}", select("max(e.created_at)")),
            3 => format!("{} {op} '{}'", select("arg_max(e.region, e.created_at)"), self.random.pick(&REGIONS)),
            _ => format!("{} {op} 2", select("count(DISTINCT e.order_id)")),
        }
    }

    /// An aggregate over several windows at once.
    fn several_windows(&mut self) -> String {
        let (op, bound) = (self.random.pick(&COMPARISONS), self.random.below(4));
        let (row, far, near) = (self.row("", 0), self.window(""), self.window(""));
        format!("count(*) FILTER (WHERE ({row} AND {far}) OR {near}) {op} {bound}")
    }

    /// A comparison of `received_at` with `now()`.
    fn received(&mut self, table: &str) -> String {
        let (op, interval) = (self.random.pick(&COMPARISONS), self.random.pick(&INTERVALS));
        format!("{table}received_at {op} now() - {interval}")
    }
}
