//! Texts that nobody should send: they get an answer, in bounded time, stack and memory.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rules::{Compiled, Diagnostic, Severity, compile};

/// Half of what a thread of a server has.
const STACK_BYTES: usize = 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(5);
/// What all tests of this file may have taken at any time, together: several of them run at once.
const MOST_MEMORY_KIB: u64 = 512 * 1024;

/// Checks what holds for every text, and that an accepted one is printed as what compiles to it.
#[track_caller]
fn check(text: &str) -> Compiled {
    let compiled = check_bounds(text);
    if let Some(rule) = &compiled.rule {
        let printed = rules::render::canonical(rule);
        assert_eq!(compile(&printed).rule.as_ref(), Some(rule), "{text:?} prints as {printed:?}");
    }
    compiled
}

/// Compiles on a small stack, and checks what holds for every text.
#[track_caller]
fn check_bounds(text: &str) -> Compiled {
    let owned = text.to_owned();
    let started = Instant::now();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let running = thread.spawn(move || compile(&owned)).expect("a thread starts");
    let compiled = running.join().expect("no text makes it panic");
    let shown: String = text.chars().take(80).collect();
    assert!(started.elapsed() < LONGEST, "{shown:?}… took {:?}", started.elapsed());
    assert_eq!(compiled.rule.is_none(), errors(&compiled).next().is_some(), "{shown:?}");
    for diagnostic in &compiled.diagnostics {
        let span = diagnostic.span;
        assert!(text.get(span.start..span.end).is_some(), "{shown:?}: {diagnostic:?}");
    }
    let taken = most_memory_kib().unwrap_or(0);
    assert!(taken < MOST_MEMORY_KIB, "{shown:?}… or one before it took {taken} KiB");
    compiled
}

fn errors(compiled: &Compiled) -> impl Iterator<Item = &Diagnostic> {
    compiled.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Returns the most memory that this process ever had, where the system tells.
fn most_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[test]
fn a_long_chain_in_a_derived_table_over_a_join_gets_an_answer() {
    for links in [10, 240, 480, 950, 1_500] {
        for piece in ["v.user_id > 1 AND ", "1 + ", "NOT "] {
            let chain = piece.repeat(links.min(12_000 / piece.len()));
            compile(&format!(
                "user_id IN (SELECT t.user_id FROM (SELECT v.user_id FROM events v JOIN events p ON p.user_id = v.user_id \
                 WHERE {chain} 1 = 1) t WHERE {chain} 1 = 1)"
            ));
        }
    }
}

#[test]
fn deep_and_long_texts_are_refused_without_effort() {
    for (piece, tail) in [
        ("(", ""),
        ("NOT ", "TRUE"),
        ("- ", "1"),
        ("((", "1"),
        ("1 + ", "1"),
        ("TRUE AND ", "TRUE"),
        ("'a' || ", "'b'"),
        ("1 IN (", "1"),
        ("CASE WHEN ", "TRUE"),
        ("case-", "c"),
        ("CASE ", ""),
        ("coalesce(", "1"),
        ("if(current_time(", "x"),
        ("CAST(", "1"),
        ("EXISTS (SELECT 1 FROM events WHERE ", "1"),
        ("(SELECT ", "1"),
        ("EXISTS (SELECT 1 FROM (", "events"),
        ("EXISTS (SELECT 1 FROM ((", "events"),
        ("(SELECT 1 UNION ", "SELECT 1"),
        ("INTERVAL ", "1"),
        ("INTERVAL (", "1"),
        ("[", ""),
        ("a[", ""),
        ("a.", "a"),
        ("{", ""),
        ("{a: ", "1"),
        ("array(", ""),
        ("ARRAY<", ""),
        ("a -> ", "1"),
        ("x(", ""),
        ("1::", "x"),
        ("TIMESTAMP ", "'x'"),
        ("1 BETWEEN 1 AND ", "1"),
        ("(1 BETWEEN ", "1"),
        ("a IS NOT DISTINCT FROM ", "b"),
        ("trim(both ", "x"),
        ("extract(day from ", "x"),
        ("position(", "x"),
        ("count(*) FILTER (WHERE ", "x"),
        ("count(*) OVER (PARTITION BY ", "x"),
        ("struct<", "x"),
        ("map{", "x"),
        ("'", ""),
        ("\"", ""),
        ("`", ""),
        ("/*", ""),
        ("--", ""),
        ("$", ""),
        ("\\", ""),
        (";", ""),
        ("東", ""),
        ("e'", ""),
    ] {
        for times in [3, 20, 33, 60, 73, 150, 1_000, 2_040, 5_000] {
            check(&format!("{}{tail}", piece.repeat(times)));
            check(&format!("{}{tail}{}", piece.repeat(times), ")".repeat(times)));
        }
    }
}

#[test]
fn a_between_of_betweens_does_not_double_without_end() {
    let mut clause = "order_total".to_owned();
    for _ in 0..30 {
        clause = format!("(CASE WHEN {clause} BETWEEN 1 AND 2 THEN 1 END)");
    }
    check(&clause);
}

#[test]
fn sums_over_joins_inside_of_each_other_are_printed_as_deep_as_they_are() {
    let joined = |depth: usize, inner: &str| {
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{name}{depth}"));
        let around = if depth == 0 { "events".to_owned() } else { format!("a{}", depth - 1) };
        format!(
            "(SELECT sum({inner}) FROM events {a} JOIN events {b} ON {b}.user_id = {a}.user_id JOIN events {c} ON \
             {c}.user_id = {a}.user_id WHERE {a}.user_id = {around}.user_id)"
        )
    };
    for (deepest, accepted) in [(1, true), (3, true), (10, true), (11, false), (20, false)] {
        let innermost = format!("a{}.order_total", deepest - 1);
        let sum = (0..deepest).rev().fold(innermost, |inner, depth| joined(depth, &inner));
        assert_eq!(check(&format!("{sum} > 1")).rule.is_some(), accepted, "{deepest} joins");
    }
}

#[test]
fn a_rule_that_is_too_long_when_it_is_written_out_is_refused() {
    let clause = |sums: usize| {
        let having: Vec<String> = (0..sums).map(|at| format!("sum(order_total + {at}) > 1")).collect();
        let (key, having) = ("x".repeat(300), having.join(" AND "));
        format!("user_id IN (SELECT user_id FROM events GROUP BY user_id, region || '{key}' HAVING {having})")
    };
    assert!(check(&clause(20)).rule.is_some());
    let refused = check(&clause(30));
    let messages: Vec<&str> = errors(&refused).map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["written out, the rule has more than 16384 bytes"]);
}

/// Words of the language, to make texts that come far.
const WORDS: [&str; 92] = [
    "region",
    "user_id",
    "created_at",
    "order_total",
    "events",
    "e",
    ".",
    ",",
    "(",
    ")",
    "(",
    ")",
    "=",
    "<>",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "TRUE",
    "IN",
    "LIKE",
    "BETWEEN",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "EXISTS",
    "SELECT",
    "1",
    "FROM",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "FILTER",
    "DISTINCT",
    "count",
    "sum",
    "max",
    "arg_max",
    "count_if",
    "coalesce",
    "lower",
    "now()",
    "INTERVAL",
    "30",
    "DAY",
    "'x'",
    "TIMESTAMP",
    "'2026-01-01'",
    "12.50",
    "payload",
    "[",
    "]",
    ":",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "e.user_id = events.user_id",
    "p.user_id = e.user_id",
    "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND",
    "user_id IN (SELECT user_id FROM",
    "(SELECT user_id, count(*) AS n FROM events GROUP BY user_id) t",
    "events p",
    "ROW_NUMBER() OVER",
    "(PARTITION BY user_id",
    "ORDER BY",
    "LIMIT 1",
    "AS n",
    "n",
    "t",
    "users",
    "users u",
    "u.user_id = events.user_id",
    "traits",
    "traits['plan']",
    "segment_members",
    "segment",
    "segment = 'loyal'",
    "'loyal'",
    "window_funnel(60)(created_at,",
    "rollout(10,",
    "::BIGINT",
];

fn words() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..40).prop_map(|words| words.join(" "))
}

fn accepted() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accept");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).expect("a readable clause")).collect()
}

/// An accepted clause with a piece cut out, doubled, or replaced by a word.
fn mutated() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(WORDS.to_vec());
    (proptest::sample::select(accepted()), any::<(usize, usize, u8)>(), word).prop_map(
        |(file, (from, length, how), word)| {
            let clause: Vec<char> =
                file.lines().skip(1).take_while(|line| *line != "---").flat_map(str::chars).collect();
            let from = from % clause.len().max(1);
            let to = (from + length % 12).min(clause.len());
            let piece: String = clause[from..to].iter().collect();
            let (before, after): (String, String) = (clause[..from].iter().collect(), clause[to..].iter().collect());
            match how % 3 {
                0 => format!("{before}{after}"),
                1 => format!("{before}{piece}{piece}{after}"),
                _ => format!("{before} {word} {after}"),
            }
        },
    )
}

/// The pieces that an accepted clause falls into at spaces and around parentheses.
fn pieces(file: &str) -> Vec<String> {
    let clause: String = file.lines().skip(1).take_while(|line| *line != "---").collect::<Vec<_>>().join(" ");
    let spaced = clause.replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// The beginning of one accepted clause, a stretch of another, and the end of a third: of joins, derived
/// tables, groups, traits and segments whatever comes together.
fn crossed() -> impl Strategy<Value = String> {
    let one = || proptest::sample::select(accepted()).prop_map(|file| pieces(&file));
    (one(), one(), one(), any::<(usize, usize, usize, usize)>()).prop_map(|(first, second, third, cuts)| {
        let cut = |pieces: &[String], at: usize| at % (pieces.len() + 1);
        let (head, tail) = (cut(&first, cuts.0), cut(&third, cuts.1));
        let (from, to) = (cut(&second, cuts.2), cut(&second, cuts.3));
        let stretch = &second[from.min(to)..from.max(to)];
        [&first[..head], stretch, &third[tail..]].concat().join(" ")
    })
}

/// One accepted clause in the place of a column or a constant of another, in parentheses.
fn nested() -> impl Strategy<Value = String> {
    let one = || proptest::sample::select(accepted()).prop_map(|file| pieces(&file));
    (one(), one(), any::<usize>()).prop_map(|(mut around, inner, at)| {
        if let Some(place) = at.checked_rem(around.len()) {
            around[place] = format!("({})", inner.join(" "));
        }
        around.join(" ")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_row_of_words_gets_an_answer(text in words()) {
        check(&text);
    }

    #[test]
    fn a_damaged_clause_gets_an_answer(text in mutated()) {
        check(&text);
    }

    #[test]
    fn clauses_that_were_crossed_get_an_answer(text in crossed()) {
        check(&text);
    }

    #[test]
    fn clauses_inside_of_each_other_get_an_answer(text in nested()) {
        check(&text);
    }
}
