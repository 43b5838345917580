//! What to write instead of what the language has not.

/// Parts of what is refused, and what says the same without it. The first that fits counts.
const INSTEAD: [(&str, &str); 82] = [
    (
        "window function",
        "join numbered rows: `(SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at) AS n FROM events) a JOIN (…) b ON b.user_id = a.user_id AND b.n = a.n + 1`",
    ),
    (
        "`users` as the only",
        "ask for it: `user_id IN (SELECT user_id FROM users WHERE …)`; beside a row: `(SELECT traits['k'] FROM users u WHERE u.user_id = e.user_id)`",
    ),
    (
        "`segment_members` as the only",
        "ask for it: `e.user_id IN (SELECT user_id FROM segment_members WHERE segment = 'loyal')`",
    ),
    (
        "a value of `segment_members`",
        "`'loyal' IN (SELECT segment FROM segment_members m WHERE m.user_id = events.user_id)`",
    ),
    ("any condition on `segment`", "name the segments: `segment IN ('loyal', 'new')`"),
    ("UNION", "join conditions: `… OR …` for UNION, `… AND …` for INTERSECT, `… AND NOT …` for EXCEPT"),
    ("WITH in", "put the query where its name stands: `FROM (SELECT …) t`"),
    (
        "a window in",
        "number the rows in a derived table: `FROM (SELECT *, row_number() OVER (…) AS n FROM events) t WHERE t.n = 1`",
    ),
    (
        "more than 3 tables",
        "ask for one of them by `EXISTS (SELECT 1 FROM events x WHERE x.user_id = v.user_id AND …)`",
    ),
    ("outside of its ON", "use the `user_id` of the other table; that there is no row is `p.event_id IS NULL`"),
    (
        "a FULL JOIN",
        "ask for the rows of either side: `EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON …) OR EXISTS (SELECT 1 FROM events p LEFT JOIN events v ON …)`",
    ),
    ("any JOIN but", "write RIGHT JOIN as LEFT JOIN of the tables in the other order"),
    ("USING or NATURAL", "say it by ON: `JOIN events p ON p.user_id = v.user_id AND …`"),
    ("form of derived table over a JOIN", "leave DISTINCT and `*` out and name its columns, or ask in the JOIN itself"),
    ("a funnel over a JOIN", "count the steps of one table, with the other by EXISTS in its WHERE"),
    ("a funnel by anything", "a funnel goes by `created_at`"),
    ("LIMIT 1 over a JOIN", "`arg_max(v.region, v.created_at)` is the value of the last row, `arg_min` of the first"),
    (
        "OFFSET in EXISTS",
        "count the rows: `(SELECT count(*) FROM events e WHERE e.user_id = events.user_id AND …) >= 3`",
    ),
    ("a frame of ROW_NUMBER", "leave the frame out: the number of a row goes by its order alone"),
    ("a window made of another", "write the window out: `OVER (PARTITION BY user_id ORDER BY created_at)`"),
    (
        "a LIKE pattern that",
        "`starts_with(url, region)` takes any text; a pattern is a constant, as `LIKE '%pricing%'`",
    ),
    ("a start or length of a text", "count from either end by constants: `substr(x, 1, 5)`, `substr(x, -3)`"),
    (
        "GROUP BY or HAVING over `users`",
        "count the segments: `(SELECT count(*) FROM segment_members m WHERE m.user_id = events.user_id AND m.segment IN ('loyal', 'new')) >= 2`",
    ),
    (
        "an aggregate over `users`",
        "of each user there is one row: take its value, `(SELECT traits['k'] FROM users u WHERE u.user_id = events.user_id)`",
    ),
    (
        "anything but `user_id` over a JOIN",
        "say it by EXISTS: `EXISTS (SELECT 1 FROM events v JOIN events p ON … WHERE v.user_id = events.user_id AND v.region = events.region)`",
    ),
    ("a cast to FLOAT", "`CAST(x AS DOUBLE)`"),
    (
        "a cast to",
        "known are VARCHAR, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, DECIMAL(p, s), BOOLEAN, TIMESTAMP and DATE",
    ),
    ("a DECIMAL without", "say how many: `DECIMAL(18, 4)`"),
    ("`yesterday`", "`today() - INTERVAL 1 DAY`"),
    ("`tomorrow`", "`today() + INTERVAL 1 DAY`"),
    ("`median`", "`avg(x)`, or how many are above a value: `count(*) FILTER (WHERE order_total > 10) * 2 > count(*)`"),
    ("`localtimestamp`", "`now()`, which is UTC"),
    ("`first_value`", "`arg_min(x, created_at)` is the first value, `arg_max` the last"),
    ("`last_value`", "`arg_max(x, created_at)` is the last value, `arg_min` the first"),
    ("`to_start_of_", "`date_trunc('week', created_at)`, and likewise hour, day and month"),
    ("`to_timestamp`", "`CAST(x AS TIMESTAMP)`, or `TIMESTAMP '2026-01-31 00:00:00'`"),
    ("TRIM with", "`trim(x)` takes the spaces off both ends"),
    ("the operator `#", "`payload['a']['b']`, or `payload['a']->>'b'` for its text"),
    ("the operator `@>`", "compare what is in it: `payload['plan'] = 'pro'`"),
    ("`count_distinct`", "`count(DISTINCT x)`"),
    ("`count_distinct_if`", "`count(DISTINCT x) FILTER (WHERE …)`"),
    ("`max_by`", "`arg_max(x, created_at)`"),
    ("`min_by`", "`arg_min(x, created_at)`"),
    ("`bool_or`", "`count_if(…) > 0`"),
    ("`bool_and`", "`count_if(NOT …) = 0`"),
    ("`any_value`", "`arg_max(x, created_at)` is the last value, `max(x)` the greatest"),
    ("`date`", "`to_date(created_at)`"),
    ("`dayofweek`", "`extract(dow FROM created_at)`"),
    ("`mod`", "`x % 2`"),
    ("`contains`", "`url LIKE '%x%'`"),
    ("`concat_ws`", "`concat(region, '-', country)`"),
    ("LIMIT in IN", "leave it out, or say which row: `x = (SELECT e.x FROM events e WHERE … ORDER BY … LIMIT 1)`"),
    (
        "this form of LIMIT",
        "number the rows: `FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS n FROM events) t WHERE t.n = 2`",
    ),
    (
        "rows in IN",
        "compare one column of the user's own events: `order_id IN (SELECT e.order_id FROM events e WHERE e.user_id = events.user_id AND …)`",
    ),
    ("comparison of rows", "compare each column: `region = 'CA' AND country = 'US'`"),
    ("LIMIT", "the first row of an order is `ORDER BY … LIMIT 1` in a scalar subquery"),
    ("ORDER BY in a subquery", "leave it out: whether there are rows does not depend on their order"),
    ("DISTINCT in a scalar", "select an aggregate, such as `count(DISTINCT x)`"),
    ("DISTINCT over groups", "leave it out: groups differ anyway in what they are by, if that is selected"),
    (
        "payload of the optional side",
        "compare it as it is, or ask by `[NOT] EXISTS (SELECT 1 FROM events p WHERE p.user_id = v.user_id AND …)`",
    ),
    ("an order by the optional side", "order by the `created_at` of the other table"),
    (
        "an order by anything but",
        "`(SELECT e.region FROM events e WHERE e.user_id = events.user_id ORDER BY e.order_total DESC LIMIT 1)` is the value of the row that is first in any order",
    ),
    ("GROUP BY ALL", "name what the groups have in common"),
    ("ROLLUP", "ask for each grouping by a condition of its own"),
    ("GROUP BY the `user_id` of the optional", "group by the `user_id` of the other table"),
    ("HAVING without GROUP BY", "add `GROUP BY e.user_id`"),
    (
        "ANY or ALL",
        "`= ANY (…)` is `IN (…)`; `> ALL (SELECT x …)` is a comparison with `(SELECT max(x) …)`, which is NULL over nothing",
    ),
    ("ILIKE", "compare in lower case: `lower(url) LIKE '%pricing%'`"),
    ("regular expression", "use LIKE with `%` and `_`, `starts_with` or several of them joined by OR"),
    ("`regexp", "use LIKE with `%` and `_`, `starts_with` or several of them joined by OR"),
    ("position is", "`url LIKE '%x%'` asks whether it is in it"),
    ("`left`", "`substr(x, 1, 5)`, or `starts_with(x, 'abc')`"),
    ("`right`", "`substr(x, -3)`"),
    ("`if` is", "`CASE WHEN … THEN … ELSE … END`"),
    ("`iff` is", "`CASE WHEN … THEN … ELSE … END`"),
    ("`ifnull`", "`coalesce(x, y)`"),
    ("`nvl`", "`coalesce(x, y)`"),
    ("`datediff`", "move the interval to the other side: `max(created_at) < now() - INTERVAL 7 DAY`"),
    ("`date_diff`", "move the interval to the other side: `max(created_at) < now() - INTERVAL 7 DAY`"),
    ("`date_add`", "`created_at + INTERVAL 7 DAY`"),
    ("`dateadd`", "`created_at + INTERVAL 7 DAY`"),
    ("`date_sub`", "`created_at - INTERVAL 7 DAY`"),
];
/// Functions that are parts of a time.
const PARTS: [&str; 7] = ["year", "month", "day", "hour", "minute", "to_hour", "to_day_of_week"];

/// Returns what says the same.
pub(super) fn instead_of(what: &str) -> Option<&'static str> {
    if PARTS.iter().any(|part| what.strip_prefix('`').is_some_and(|what| what.starts_with(&format!("{part}`")))) {
        return Some("`extract(hour FROM created_at)`, and likewise year, month, day, minute, dow");
    }
    INSTEAD.iter().find(|(part, _)| what.contains(part)).map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(what: &str, expected: Option<&str>) {
        assert_eq!(instead_of(what), expected, "{what}");
    }

    #[test]
    fn what_is_refused_is_told_with_what_to_write_instead() {
        check("`ifnull` is", Some("`coalesce(x, y)`"));
        check("a JOIN of more than 3 tables is", Some(INSTEAD[8].1));
        check("`hour` is", Some("`extract(hour FROM created_at)`, and likewise year, month, day, minute, dow"));
        check("an array is", None);
    }
}
