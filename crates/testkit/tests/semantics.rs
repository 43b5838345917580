//! `databend/semantics.sql` holds: Databend answers where SQL leaves room as `rules` believes it does.

#![cfg(feature = "databend")]

use std::fmt::Write;

use testkit::databend::{Databend, Refused, answered};
use warehouse::databend::Cells;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/databend/semantics.sql");
/// Set to write the answers into the file instead of comparing them.
const BLESS_VARIABLE: &str = "BLESS";
const ANSWER: &str = "--> ";

/// A run of lines: what stands before a statement, the statement, and its expected answer if it has one.
#[derive(Default)]
struct Case {
    before: String,
    statement: String,
    expected: Option<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open = Case::default();
    for line in text.lines() {
        if let Some(expected) = line.strip_prefix(ANSWER) {
            cases.last_mut().expect("an answer follows a statement").expected = Some(expected.to_owned());
        } else if open.statement.is_empty() && (line.is_empty() || line.starts_with("--")) {
            open.before += &format!("{line}\n");
        } else {
            open.statement += &format!("{line}\n");
            if line.ends_with(';') {
                cases.push(std::mem::take(&mut open));
            }
        }
    }
    assert!(open.statement.is_empty(), "a statement without an end: {}", open.statement);
    cases
}

/// Writes an answer on one line: `Decimal(19, 4): 13.5000 | -7.1667 | NULL`, `error 1006`.
fn written(answer: &Result<Cells, Refused>) -> String {
    match answer {
        Err(refused) => format!("error {}", refused.code),
        Ok(cells) => {
            let types: Vec<&str> = cells.types.iter().map(|name| bare(name)).collect();
            let rows: Vec<String> = cells.rows.iter().map(|row| written_row(row, &types)).collect();
            format!("{}: {}", types.join(", "), rows.join(" | "))
        }
    }
}

fn written_row(row: &[Option<String>], types: &[&str]) -> String {
    let cells = row.iter().zip(types).map(|(cell, name)| match cell {
        None => "NULL".to_owned(),
        // Quoted, so that spaces are seen.
        Some(text) if *name == "String" => format!("{text:?}"),
        Some(text) => text.clone(),
    });
    cells.collect::<Vec<_>>().join(", ")
}

fn bare(type_name: &str) -> &str {
    type_name.strip_prefix("Nullable(").and_then(|inner| inner.strip_suffix(')')).unwrap_or(type_name)
}

#[tokio::test]
async fn databend_answers_as_the_rules_rely_on() {
    let Some(databend) = Databend::or_not_run().await else { return };
    let text = std::fs::read_to_string(FILE).unwrap();
    let mut blessed = String::new();
    let mut differences = String::new();
    let mut compared = 0;
    for case in cases(&text) {
        let answer = answered(databend.query(&case.statement).await).unwrap();
        write!(blessed, "{}{}", case.before, case.statement).unwrap();
        let Some(expected) = case.expected else {
            assert!(answer.is_ok(), "{}: {answer:?}", case.statement);
            continue;
        };
        let actual = written(&answer);
        writeln!(blessed, "{ANSWER}{actual}").unwrap();
        compared += 1;
        if actual != expected {
            writeln!(differences, "{}  expected {expected}\n  answered {actual}", case.statement).unwrap();
        }
    }
    databend.finish().await.unwrap();
    if std::env::var_os(BLESS_VARIABLE).is_some() {
        std::fs::write(FILE, blessed).unwrap();
    } else {
        assert!(differences.is_empty(), "Databend answers otherwise:\n{differences}");
        assert!(compared > 0, "no answers in {FILE}");
    }
}
