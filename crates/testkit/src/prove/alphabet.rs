//! The few values that histories and clauses share, so that they meet.
//!
//! Small on purpose: with a thousand regions no clause would ever name the right one. What SQL
//! engines are known to trip over is among them: case, spaces, wildcards, letters of two bytes.

/// Columns of text with the values that stand in them; the empty text is NULL.
pub(super) const TEXT_COLUMNS: [(&str, &[&str]); 7] = [
    ("activity_type", &["page_viewed", "product_purchased", "added_to_cart"]),
    ("region", &["CA", "NY", "ca", "é", ""]),
    ("country", &["US", "MX", ""]),
    ("device_type", &["mobile", "desktop", ""]),
    ("url", &["/a", "/b_c", "/ü", "100%", r"a\b", ""]),
    ("element_id", &["buy", " buy ", "ß", ""]),
    ("order_id", &["o1", "o2", "o3", ""]),
];

/// Values of `order_total`; the empty text is NULL.
pub(super) const TOTALS: [&str; 10] =
    ["0", "1", "0.5", "10", "99.99", "-3", "0.0001", "33.3333", "12345678901234.5678", ""];

/// Patterns of LIKE, as SQL constants.
pub(super) const PATTERNS: [&str; 20] = [
    "'%'",
    "'C%'",
    "'%A'",
    "'_A'",
    "'%a%'",
    r"'100\\%'",
    r"'%\\%'",
    "'/_'",
    "'%ü%'",
    "'ca'",
    "''",
    r"'a\\b'",
    "'/b_c'",
    "'%_'",
    "'_%_'",
    "'%%'",
    "'100!%' ESCAPE '!'",
    "'%!_%' ESCAPE '!'",
    "'%é%' ESCAPE 'é'",
    "'/b#_c' ESCAPE '#'",
];

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Intervals that clauses name, in every way of writing them, with their length in microseconds.
pub(super) const INTERVALS: [(&str, i64); 10] = [
    ("INTERVAL 10 SECOND", MICROS_PER_MINUTE / 6),
    ("INTERVAL 1 MINUTE", MICROS_PER_MINUTE),
    ("INTERVAL '30 minutes'", 30 * MICROS_PER_MINUTE),
    ("INTERVAL 1 HOUR", 60 * MICROS_PER_MINUTE),
    ("INTERVAL '1' DAY", 1_440 * MICROS_PER_MINUTE),
    ("INTERVAL 1 DAY", 1_440 * MICROS_PER_MINUTE),
    ("INTERVAL '1 day 1 hour'", 1_500 * MICROS_PER_MINUTE),
    ("INTERVAL 1 WEEK", 10_080 * MICROS_PER_MINUTE),
    ("INTERVAL '7 days'", 10_080 * MICROS_PER_MINUTE),
    ("INTERVAL 30 DAY", 43_200 * MICROS_PER_MINUTE),
];

/// The middle of every history: an hour before the end of a month and a week.
pub(super) const MIDDLE: &str = "2026-05-31T23:00:00Z";
/// Instants that clauses name.
pub(super) const INSTANTS: [&str; 3] =
    ["TIMESTAMP '2026-05-31 23:00:00'", "TIMESTAMP '2026-05-24 23:00:00.000001'", "TIMESTAMP '2026-06-01 00:00:00'"];
/// Days that clauses name.
pub(super) const DAYS: [&str; 5] =
    ["DATE '2026-05-31'", "DATE '2026-06-01'", "DATE '2026-05-25'", "'2026-05-01'", "DATE '1969-12-31'"];

/// Numbers that clauses name: integers, decimals, and one that is a float.
pub(super) const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "2",
    "3",
    "10",
    "-1",
    "0.5",
    "2.50",
    "33.3333",
    "1e1",
    "300",
    "-0.1",
    "1.5",
    "1e16",
    "0.1",
    "9223372036854775807",
];

/// Texts that clauses name beside those that stand in columns: what casts read, and what they must not.
pub(super) const TEXTS: [&str; 14] = [
    "1",
    "1.5",
    " 1",
    "1e3",
    "-0.0",
    "true",
    "FALSE",
    "null",
    "abc",
    "2026-05-31",
    "2026-05-31 23:00:00",
    "2026-05-31T23:00:00.5Z",
    "{\"k\":1}",
    "it''s",
];

/// Segments that clauses name.
pub(super) const TAGS: [&str; 3] = ["loyal", "vip", "new"];

/// Shares of the users, whole ones and parts.
pub(super) const ROLLOUTS: [&str; 6] = [
    "rollout(50, 'salt')",
    "rollout(33.33, 'a')",
    "rollout(0, 'x')",
    "rollout(100, 'x')",
    "rollout(75, 'é')",
    "rollout(12.5, 'it''s')",
];

/// Paths into the payload, key by key; digits are an array's element.
pub(super) const PATHS: [&[&str]; 10] =
    [&["k"], &["k"], &["s"], &["t"], &["o", "k"], &["o"], &["list", "0"], &["list", "1"], &["it's é"], &["missing"]];

/// Values of JSON that stand in payloads: every kind, and numbers and texts that look alike.
pub(super) const VALUES: [&str; 34] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "300",
    "0.1",
    "1.10",
    "-0.0",
    "1e3",
    "1e16",
    "2.5e-7",
    "12345678901234567890",
    "0.30000000000000004",
    "1e400",
    "\"\"",
    "\"1\"",
    "\"1.5\"",
    "\" 1\"",
    "\"CA\"",
    "\"abc\"",
    "\"true\"",
    "\"null\"",
    "\"é\"",
    "\"it's \\\"q\\\"\\n\"",
    "\"2026-05-31\"",
    "\"2026-05-31 23:00:00\"",
    "\"2026-05-31T23:00:00.000001Z\"",
    "[]",
    "[1,\"a\",null]",
    "{}",
    "{\"k\":1,\"b\":null}",
];
