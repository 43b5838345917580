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
pub(super) const PATTERNS: [&str; 16] = [
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
];

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Intervals that clauses name, in every way of writing them, with their length in microseconds.
pub(super) const INTERVALS: [(&str, i64); 9] = [
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
