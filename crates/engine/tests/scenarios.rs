//! Plays the scenario files; `SHOAL_BLESS=1` rewrites what they expect. And says what of the language
//! has no scenario yet.

use std::path::{Path, PathBuf};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

#[test]
fn every_scenario_happens_as_it_is_written() {
    let summary = testkit::scenario::test_directory(&scenarios(), std::env::var_os("SHOAL_BLESS").is_some()).unwrap();
    let failures: Vec<String> =
        summary.failures.iter().map(|(file, error)| format!("{}: {error:#}", file.display())).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(summary.scenarios >= 15, "only {} scenarios were found", summary.scenarios);
}

/// Forms of the language that no single word of it stands for: each with pieces of text that the clause of
/// some scenario has all of, in this order, in lower case and with single spaces.
const FORMS: [(&str, &[&str]); 50] = [
    ("EXISTS", &["exists (select 1 from events e where e.user_id = events.user_id and"]),
    ("NOT EXISTS", &["not exists (select 1 from events"]),
    ("user_id IN", &["user_id in (select user_id from events where"]),
    ("user_id IN … GROUP BY user_id HAVING", &["user_id in (", "group by user_id having"]),
    ("user_id NOT IN", &["user_id not in (select"]),
    ("a scalar subquery of an aggregate", &["(select count(*) from"]),
    ("a scalar subquery of one row", &["(select ", "order by", "limit 1)"]),
    ("a value among those of other events", &[" in (select f.order_total from events f"]),
    ("a derived table", &["from (select user_id,", "from events", ") "]),
    ("a JOIN", &["from events v join events p on p.user_id = v.user_id"]),
    ("two JOINs", &["join events c on", "join events p on"]),
    ("a LEFT JOIN", &["left join events p on", "p.event_id is null"]),
    ("a derived table over a JOIN", &["from (select v.user_id", "from events v join events p", ") t where t."]),
    ("a LEFT JOIN after a LEFT JOIN", &["left join events p on", "left join events c on"]),
    ("a JOIN after a LEFT JOIN", &["left join events p on", " join events q on"]),
    ("different values of pairs", &["count(distinct concat(v.region", "p.region)) from"]),
    ("users in a JOIN", &["events e join users u on u.user_id = e.user_id"]),
    ("members in a LEFT JOIN", &["left join segment_members m on"]),
    ("the greatest value of the payload", &["max(payload['k']) ="]),
    ("different values of the payload", &["count(distinct payload['k'])"]),
    ("GROUP BY a column of the user", &["group by", "user_id, date_trunc('week', created_at)"]),
    ("GROUP BY a part of the payload", &["group by user_id, payload->>'plan'"]),
    ("GROUP BY in EXISTS", &["exists (select e.region", "group by e.region, e.device_type"]),
    ("ROW_NUMBER of the user", &["row_number() over (partition by user_id order by"]),
    ("ROW_NUMBER within a part", &["row_number() over (partition by user_id, region order by"]),
    ("window_funnel", &["window_funnel(", ")(created_at,"]),
    ("FILTER", &["count(*) filter (where"]),
    ("an aggregate of a window", &["filter (where", "created_at >= now() - interval"]),
    ("two edges of a window", &["between now() - interval", "and now() - interval"]),
    ("one aggregate beside another", &["max(created_at) filter", "< max(created_at) filter"]),
    ("a row beside an aggregate", &["order_total > avg(order_total)"]),
    ("a row beside the row around", &["e.created_at > events.created_at"]),
    ("received_at in a window", &["received_at >= now()"]),
    ("the calendar of now", &["date_trunc('week', now())"]),
    ("rollout", &["rollout("]),
    ("a trait beside a text", &["from users where traits['plan'] = 'pro'"]),
    ("a trait beside a number", &["traits['age'] > 17.5"]),
    ("a trait that is cast", &["traits['age']::bigint"]),
    ("a trait in a list", &["traits['plan'] in ("]),
    ("a trait and a pattern", &["traits->>'mail' like"]),
    ("a trait that is missing", &["traits['plan'] is null"]),
    ("a trait in a CASE", &["case when traits["]),
    ("a trait beside a column", &["region = (select traits->>'home' from users"]),
    ("a segment at each event", &["from events e", "e.user_id in (select user_id from segment_members"]),
    ("when a user was first heard of", &["(select u.created_at from users u", "< now() - interval"]),
    ("nothing said of a user", &["not exists (select 1 from users"]),
    ("a segment in a segment", &["user_id in (select user_id from segment_members where segment ="]),
    ("not in a segment", &["user_id not in (select user_id from segment_members"]),
    ("some of several segments", &["segment in ('"]),
    ("a segment among the user's", &["in (select segment from segment_members"]),
];

#[test]
fn every_form_of_the_language_has_a_scenario() {
    let shown: Vec<String> = shown_clauses();
    let shows = |pieces: &[&str]| shown.iter().any(|clause| has_in_order(clause, pieces));
    let without: Vec<&str> = FORMS.iter().filter(|(_, pieces)| !shows(pieces)).map(|(name, _)| *name).collect();
    assert!(without.is_empty(), "no scenario, which somebody enters, shows {without:#?}");
}

/// Words that the page names as examples, or for something that is no word of a clause.
const NO_WORDS: [&str; 10] = ["list", "nan", "percent", "salt", "seconds", "step", "type", "x", "xxhash", "z"];

#[test]
fn every_word_of_the_language_that_its_page_names_stands_in_a_scenario() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md")).unwrap();
    let (_, section) = page.split_once("## What a clause can say").unwrap();
    let (section, _) = section.split_once("## How it is evaluated").unwrap();
    let written = section.split('`').skip(1).step_by(2);
    let mut words: Vec<String> = written.flat_map(words).collect();
    words.sort();
    words.dedup();
    assert!(words.len() > 80, "only {} words", words.len());
    let known: Vec<String> = shown_clauses().iter().flat_map(|clause| words_of(clause)).collect();
    let without: Vec<&String> =
        words.iter().filter(|word| !known.contains(word) && !NO_WORDS.contains(&word.as_str())).collect();
    assert!(without.is_empty(), "no scenario, which somebody enters, has {without:?}");
}

fn shown_clauses() -> Vec<String> {
    let clauses = testkit::scenario::shown_clauses(&scenarios()).expect("scenarios are read");
    clauses.iter().map(|clause| clause.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn has_in_order(clause: &str, pieces: &[&str]) -> bool {
    let after = |rest: Option<&'_ str>, piece: &&str| Some(rest?.split_once(*piece)?.1.to_owned());
    let mut rest = Some(clause.to_owned());
    for piece in pieces {
        rest = after(rest.as_deref(), piece);
    }
    rest.is_some()
}

fn words(text: &str) -> Vec<String> {
    words_of(&text.to_lowercase())
}

fn words_of(text: &str) -> Vec<String> {
    let parts = text.split(|character: char| !(character.is_ascii_alphabetic() || character == '_'));
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
