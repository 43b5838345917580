//! The few forms of a typed clause that Databend lacks, or decides otherwise than this project does, in a
//! spelling of the same meaning.
//!
//! Each is a replacement of words by words, made without knowing what the clause means: how it reads, which
//! column a name is and what its types are is left to Databend.

use schema::Timestamp;

use super::casts;
use super::tokens::{self, Kind, Token};

/// Aggregates that take a condition, without the `_if` that they may end in.
const AGGREGATES: [&str; 8] = ["count", "sum", "avg", "min", "max", "arg_max", "arg_min", "window_funnel"];
/// What the events are named over which an aggregate goes that stands in the clause itself.
const ALL: &str = "all_events";

/// Writes the clause for Databend, as of an instant.
pub(super) fn spell(clause: &[Token], now: Timestamp) -> String {
    let clause = casts::tried(clause);
    // An empty clause is every user's.
    if clause.is_empty() {
        return "TRUE".to_owned();
    }
    Writer { now, is_subquery: false, events: "events" }.write(&clause)
}

#[derive(Clone, Copy)]
struct Writer {
    now: Timestamp,
    /// Whether aggregates are those of a SELECT around them.
    is_subquery: bool,
    /// What the clause's own events are named here.
    events: &'static str,
}

impl Writer {
    fn write(self, mut rest: &[Token]) -> String {
        let mut written = String::new();
        while let Some((first, after)) = rest.split_first() {
            written += &first.space;
            let (text, taken) = self.form(first, after);
            written += &text;
            rest = &after[taken..];
        }
        written
    }

    /// Writes what begins here, and returns how many tokens it took beside the first.
    fn form(self, first: &Token, after: &[Token]) -> (String, usize) {
        if let Kind::Group(inside, space) = &first.kind {
            return (format!("({}{space})", self.inside(inside)), 0);
        }
        let Some(word) = first.word() else { return (tokens::print(&[bare(first)]), 0) };
        let called = after.first().and_then(Token::group);
        match (word.as_str(), called) {
            ("now" | "current_timestamp", Some([])) => (self.instant(), 1),
            ("today", Some([])) => (self.today(), 1),
            ("current_timestamp", None) => (self.instant(), 0),
            ("current_date", None) => (self.today(), 0),
            ("events", None) if after.first().is_some_and(|next| next.kind == Kind::Mark('.')) => {
                (self.events.to_owned(), 0)
            }
            ("is", None) => is_truth(first, after).unwrap_or_else(|| ("IS".to_owned(), 0)),
            ("rollout", Some(arguments)) => (self.rollout(arguments), 1),
            ("try_cast", Some(inside)) => (self.cast(inside), 1),
            ("starts_with", Some(arguments)) => (self.starts_with(arguments), 1),
            ("date_trunc", Some(arguments)) => (self.cut_down(arguments), 1),
            (name, Some(arguments)) => match aggregate(name) {
                Some((name, has_condition)) => self.aggregate(name, has_condition, arguments, after),
                None => (tokens::print(&[bare(first)]), 0),
            },
            _ => (tokens::print(&[bare(first)]), 0),
        }
    }

    /// What stands in parentheses: a subquery, a window, or any other part.
    fn inside(self, inside: &[Token]) -> String {
        let is_select = inside.first().is_some_and(|first| first.is("SELECT"));
        let writer = Self { is_subquery: self.is_subquery || is_select, ..self };
        let written = writer.write(inside);
        let is_window = inside.first().is_some_and(|first| first.is("PARTITION") || first.is("ORDER"));
        match limited(inside) {
            _ if is_window => format!("{written}{}", completed(inside)),
            Some(limit) => {
                let (query, limit) = inside.split_at(limit);
                format!("{}{}{}", writer.write(query), completed(query), writer.write(limit))
            }
            None => written,
        }
    }

    fn instant(self) -> String {
        let shown = self.now.to_string().replacen('T', " ", 1);
        format!("TIMESTAMP '{}'", shown.trim_end_matches('Z'))
    }

    fn today(self) -> String {
        format!("to_date({})", self.instant())
    }

    /// The definition of our own function.
    fn rollout(self, inside: &[Token]) -> String {
        let table = if self.is_subquery { "" } else { "events." };
        match tokens::arguments(inside)[..] {
            [percent, salt] => {
                let (percent, salt) = (self.write(percent), self.write(salt));
                let key = format!("concat({salt}, ':', TRY_CAST({table}user_id AS VARCHAR))");
                format!("(xxhash64({key}) % 10000 < {percent} * 100)")
            }
            _ => format!("rollout({})", self.write(inside)),
        }
    }

    /// To a decimal by the text: straight from a JSON value it panics there.
    fn cast(self, inside: &[Token]) -> String {
        let to = inside.iter().rposition(|token| token.is("AS")).unwrap_or(0);
        let (value, of_type) = inside.split_at(to);
        let is_decimal = of_type.get(1).is_some_and(|name| name.is("DECIMAL") || name.is("NUMERIC"));
        let value = self.write(value);
        let value = if is_decimal { format!("TRY_CAST({value} AS VARCHAR)") } else { value };
        format!("TRY_CAST({value}{})", tokens::print(of_type))
    }

    /// Databend does not have it.
    fn starts_with(self, inside: &[Token]) -> String {
        match tokens::arguments(inside)[..] {
            [text, prefix] => {
                let (text, prefix) = (self.write(text), self.write(prefix));
                format!("(left({text}, length({prefix})) ={prefix})")
            }
            _ => format!("starts_with({})", self.write(inside)),
        }
    }

    /// Bare, its filters over blocks of rows take a time that is cut down for the time itself.
    fn cut_down(self, inside: &[Token]) -> String {
        let unit = inside.first().map(|unit| tokens::print(&[bare(unit)]).to_lowercase()).unwrap_or_default();
        let call = format!("date_trunc({})", self.write(inside));
        let is_day = ["week", "month", "quarter", "year"].contains(&unit.trim_matches('\''));
        if is_day { call } else { format!("TRY_CAST({call} AS TIMESTAMP)") }
    }

    fn aggregate(self, name: &str, has_condition: bool, inside: &[Token], after: &[Token]) -> (String, usize) {
        if let ("window_funnel", Some(steps)) = (name, after.get(1).and_then(Token::group)) {
            return self.funnel(inside, steps, after);
        }
        let filter = condition(after);
        let within = self.within_aggregate();
        let mut arguments = tokens::arguments(inside);
        let last = if has_condition { arguments.pop() } else { None };
        let conditions: Vec<String> = filter.into_iter().chain(last).map(|condition| within.write(condition)).collect();
        let condition = match conditions.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(format!(" ({})", several.join(") AND ("))),
        };
        let call = within.call(name, &arguments, condition.as_deref());
        (self.over_all(call), if filter.is_some() { 3 } else { 1 })
    }

    /// What stands inside of an aggregate is of the events that it goes over.
    fn within_aggregate(self) -> Self {
        if self.is_subquery { self } else { Self { is_subquery: true, events: ALL, ..self } }
    }

    /// An aggregate that stands in the clause itself goes over all events of the user.
    fn over_all(self, call: String) -> String {
        if self.is_subquery {
            return call;
        }
        format!("(SELECT {call} FROM events {ALL} WHERE {ALL}.user_id = {}.user_id)", self.events)
    }

    /// Its window is one of microseconds there, and a step that is NULL passes over the event.
    fn funnel(self, window: &[Token], inside: &[Token], after: &[Token]) -> (String, usize) {
        let filter = condition(&after[1..]);
        let within = self.within_aggregate();
        let of_filter = filter.map(|filter| format!("({}) AND ", within.write(filter))).unwrap_or_default();
        let mut arguments = tokens::arguments(inside).into_iter();
        let mut written = arguments.next().map(|time| within.write(time)).unwrap_or_default();
        for step in arguments {
            written += &format!(", coalesce({of_filter}({}), FALSE)", within.write(step));
        }
        // The number of steps is unsigned there.
        let call = format!("CAST(window_funnel({}000000)({written}) AS BIGINT)", within.write(window));
        (self.over_all(call), if filter.is_some() { 4 } else { 2 })
    }

    /// An aggregate with its condition inside: `FILTER` is not there, and `sum_if` makes 0 of NULL.
    fn call(self, name: &str, arguments: &[&[Token]], condition: Option<&str>) -> String {
        let Some((value, others)) = arguments.split_first() else {
            return format!("{name}({})", only(condition, "1"));
        };
        let (distinct, value) = match value.split_first() {
            Some((first, value)) if first.is("DISTINCT") => ("DISTINCT", value),
            _ => ("", *value),
        };
        let is_star = matches!(value, [Token { kind: Kind::Mark('*'), .. }]);
        let value = match (is_star, condition) {
            (true, None) => return format!("{name}(*)"),
            (true, Some(_)) => "1".to_owned(),
            _ => self.write(value),
        };
        let mut written = format!("{name}({distinct}{}", only(condition, &value));
        for other in others {
            written += ", ";
            written += &self.completed_order(name, other);
        }
        written + ")"
    }

    /// Of two events of one instant the one with the greater id is the later one.
    fn completed_order(self, name: &str, order: &[Token]) -> String {
        let written = self.write(order);
        match written.trim().strip_suffix("created_at") {
            Some(table) if name.starts_with("arg_") => format!("({table}created_at, {table}event_id)"),
            _ => written,
        }
    }
}

fn bare(token: &Token) -> Token {
    Token { space: String::new(), kind: token.kind.clone() }
}

/// Returns an aggregate's name, and whether its last argument is a condition.
fn aggregate(name: &str) -> Option<(&str, bool)> {
    let (plain, has_condition) = name.strip_suffix("_if").map_or((name, false), |plain| (plain, true));
    AGGREGATES.contains(&plain).then_some((plain, has_condition))
}

/// Returns what stands in the FILTER behind an aggregate's arguments.
fn condition(after: &[Token]) -> Option<&[Token]> {
    let [filter, condition] = after.get(1..3)? else { return None };
    let (_, condition) = condition.group()?.split_first()?;
    filter.is("FILTER").then_some(condition)
}

fn only(condition: Option<&str>, value: &str) -> String {
    condition.map_or_else(|| value.to_owned(), |condition| format!(" CASE WHEN{condition} THEN {value} END"))
}

/// `IS TRUE` and `IS UNKNOWN` are no forms of Databend's; `IS NOT DISTINCT FROM TRUE` is.
fn is_truth(is: &Token, after: &[Token]) -> Option<(String, usize)> {
    debug_assert!(is.is("IS"));
    let not = usize::from(after.first()?.is("NOT"));
    let truth = after.get(not)?;
    if truth.is("UNKNOWN") {
        return Some((if not == 1 { "IS NOT NULL" } else { "IS NULL" }.to_owned(), not + 1));
    }
    if !truth.is("TRUE") && !truth.is("FALSE") {
        return None;
    }
    let distinct = if not == 1 { "IS DISTINCT FROM" } else { "IS NOT DISTINCT FROM" };
    Some((format!("{distinct} {}", truth.word()?), not + 1))
}

/// Returns where `LIMIT` stands in a query that has one.
fn limited(query: &[Token]) -> Option<usize> {
    query.iter().position(|token| token.is("LIMIT"))
}

/// Returns what completes an ORDER BY, so that no two rows are alike: `, event_id` in the direction of its last part.
fn completed(ordered: &[Token]) -> String {
    // Groups have no event's id; what is asked of them is in an order already.
    if ordered.iter().any(|token| token.is("GROUP")) {
        return String::new();
    }
    let Some(start) = ordered.windows(2).rposition(|pair| pair[0].is("ORDER") && pair[1].is("BY")) else {
        return String::new();
    };
    let order = &ordered[start + 2..];
    let last = order.rsplit(|token| token.kind == Kind::Mark(',')).next().unwrap_or_default();
    let table = match last {
        [table, dot, ..] if dot.kind == Kind::Mark('.') => format!("{}.", table.word().unwrap_or_default()),
        _ => String::new(),
    };
    let direction = if last.iter().any(|token| token.is("DESC")) { " DESC" } else { "" };
    format!(", {table}event_id{direction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let now = Timestamp::parse("2026-01-01T00:00:00.000001Z").unwrap();
        assert_eq!(spell(&tokens::read(text).unwrap(), now), expected);
    }

    #[test]
    fn what_databend_has_is_as_it_was_typed() {
        for text in [
            "a = 1 AND NOT  b OR payload:k.n->>'x' LIKE 'é%'",
            "user_id IN (SELECT user_id FROM events GROUP BY user_id HAVING count(*) > 3 AND sum(DISTINCT order_total) < 5)",
            "EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id)",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn now_is_written_as_the_instant_and_not_as_databends_own() {
        let now = "TIMESTAMP '2026-01-01 00:00:00.000001'";
        check("created_at > NOW() - INTERVAL 1 DAY", &format!("created_at > {now} - INTERVAL 1 DAY"));
        check("created_at < today()", &format!("created_at < to_date({now})"));
        check("created_at < current_date", &format!("created_at < to_date({now})"));
        check("to_date(current_timestamp) = 'now()'", &format!("to_date({now}) = 'now()'"));
    }

    #[test]
    fn an_aggregate_in_the_clause_is_one_over_all_events_of_the_user() {
        let all = "FROM events all_events WHERE all_events.user_id = events.user_id)";
        check("count(*) > 3", &format!("(SELECT count(*) {all} > 3"));
        check(
            "events.url = max( url) FILTER (WHERE events.region = 'CA')",
            &format!("events.url = (SELECT max( CASE WHEN all_events.region = 'CA' THEN  url END) {all}"),
        );
        check(
            "arg_max_if(url, created_at, a) = 'x'",
            &format!("(SELECT arg_max( CASE WHEN a THEN url END, (created_at, event_id)) {all} = 'x'"),
        );
        check(
            "count_if(a) FILTER (WHERE b OR c) = 2",
            &format!("(SELECT count( CASE WHEN ( b OR c) AND (a) THEN 1 END) {all} = 2"),
        );
        check(
            "window_funnel(60)(created_at, a, b) FILTER (WHERE c) = 2",
            &format!(
                "(SELECT CAST(window_funnel(60000000)(created_at, coalesce(( c) AND ( a), FALSE), coalesce(( c) AND ( b), \
                 FALSE)) AS BIGINT) {all} = 2"
            ),
        );
    }

    #[test]
    fn every_order_is_completed_by_the_event() {
        check(
            "(SELECT e.url FROM events e ORDER BY e.region, e.created_at DESC LIMIT 1) = 'x'",
            "(SELECT e.url FROM events e ORDER BY e.region, e.created_at DESC, e.event_id DESC LIMIT 1) = 'x'",
        );
        check(
            "t IN (SELECT row_number() OVER (PARTITION BY user_id ORDER BY created_at) FROM events)",
            "t IN (SELECT row_number() OVER (PARTITION BY user_id ORDER BY created_at, event_id) FROM events)",
        );
        check("(SELECT 1 GROUP BY a ORDER BY b LIMIT 1)", "(SELECT 1 GROUP BY a ORDER BY b LIMIT 1)");
    }

    #[test]
    fn forms_that_are_not_there_are_spelt_out() {
        check("(a OR b) IS NOT TRUE AND c IS UNKNOWN", "(a OR b) IS DISTINCT FROM true AND c IS NULL");
        check("starts_with(url, '/a')", "(left(url, length( '/a')) = '/a')");
        check("a::DECIMAL(3, 1) > 1", "TRY_CAST(TRY_CAST(a AS VARCHAR) AS decimal(3, 1)) > 1");
        check("date_trunc('hour', t)", "TRY_CAST(date_trunc('hour', t) AS TIMESTAMP)");
        check("date_trunc(week, t)", "date_trunc(week, t)");
        check("", "TRUE");
    }
}
