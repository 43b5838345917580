//! The corpus: what the language accepts and what it refuses, one clause per file.
//!
//! A file is a clause, a line `---`, and what is expected of it: in `accept` the canonical print and
//! the warnings, in `refuse` the diagnostics. Leading lines that begin with `--` say what it shows.
//! `BLESS=1 cargo test -p rules --test corpus` writes the expectations anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rules::{Compiled, Diagnostic, Severity, compile};

const RULER: &str = "\n---\n";

#[test]
fn every_accepted_clause_compiles_to_its_canonical_print() {
    check_folder("accept", 25, |clause, compiled| {
        let rule = compiled.rule.as_ref().ok_or_else(|| format!("refused: {:#?}", compiled.diagnostics))?;
        let canonical = rules::render::canonical(rule);
        let again = compile(&canonical);
        if again.rule.as_ref() != Some(rule) {
            return Err(format!("`{clause}` prints as `{canonical}`, which is another rule: {again:#?}"));
        }
        Ok(format!("{canonical}\n{}", listed(clause, &compiled.diagnostics)))
    });
}

#[test]
fn every_refused_clause_says_why_and_where() {
    check_folder("refuse", 45, |clause, compiled| match &compiled.rule {
        Some(rule) => Err(format!("accepted as {}", rules::render::canonical(rule))),
        None => Ok(listed(clause, &compiled.diagnostics)),
    });
}

/// `error unknown_column [regoin]: …` with hint and replacement below it.
fn listed(clause: &str, diagnostics: &[Diagnostic]) -> String {
    let mut lines = String::new();
    for Diagnostic { code, severity, message, span, hint, replacement } in diagnostics {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        };
        let _ = writeln!(lines, "{severity} {} [{}]: {message}", code.as_str(), &clause[span.start..span.end]);
        for (label, text) in [("hint", hint), ("replacement", replacement)] {
            if let Some(text) = text {
                let _ = writeln!(lines, "  {label}: {text}");
            }
        }
    }
    lines
}

fn check_folder(folder: &str, at_least: usize, outcome: impl Fn(&str, &Compiled) -> Result<String, String>) {
    let files = clauses_in(folder);
    assert!(files.len() >= at_least, "{folder} has only {} clauses", files.len());
    let wrong: Vec<String> = files.iter().filter_map(|path| check(path, &outcome).err()).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n\n{}", wrong.len(), files.len(), wrong.join("\n\n"));
}

fn check(path: &Path, outcome: impl Fn(&str, &Compiled) -> Result<String, String>) -> Result<(), String> {
    let name = path.display();
    let file = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let (title, rest) = split_title(&file);
    let (clause, expected) = rest.split_once(RULER).unwrap_or((rest.trim_end_matches('\n'), ""));
    let actual = outcome(clause, &compile(clause)).map_err(|error| format!("{name}: {error}"))?;
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(path, format!("{title}{clause}{RULER}{actual}")).map_err(|error| error.to_string());
    }
    if actual == expected { Ok(()) } else { Err(format!("{name}: expected\n{expected}\nbut got\n{actual}")) }
}

/// Splits off the title: leading lines `-- …` up to the first line of the clause.
fn split_title(file: &str) -> (&str, &str) {
    let title: usize = file.split_inclusive('\n').take_while(|line| line.starts_with("-- ")).map(str::len).sum();
    file.split_at(title)
}

fn clauses_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the corpus is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    files.sort();
    files
}
