//! Every construct, operator and function that the language names, line by line: it compiles, and has a plan.
//!
//! The clauses are `constructs.sql`; that they mean the same on Databend is asked by the tests of `testkit`.

use rules::plan::plan;
use rules::{Severity, compile};

const CLAUSES: &str = include_str!("constructs.sql");

/// Refused without being rewritten, and why is told.
#[track_caller]
fn check(clause: &str) -> Result<(), String> {
    let compiled = compile(clause);
    let errors = compiled.diagnostics.iter().filter(|problem| problem.severity == Severity::Error);
    if let Some(problem) = errors.into_iter().next() {
        return Err(format!("{clause}: {}", problem.message));
    }
    let rule = compiled.rule.ok_or_else(|| format!("{clause}: no rule"))?;
    plan(&rule).map(|_| ()).map_err(|problems| format!("{clause}: no plan: {problems:?}"))
}

#[test]
fn every_construct_that_the_language_names_compiles_and_has_a_plan() {
    let clauses: Vec<&str> = CLAUSES.lines().filter(|line| !line.starts_with("--")).collect();
    assert!(clauses.len() > 120, "only {} clauses", clauses.len());
    let wrong: Vec<String> = clauses.into_iter().filter_map(|clause| check(clause).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
