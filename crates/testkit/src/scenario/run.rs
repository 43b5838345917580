//! Checking a scenario, and writing down what it does.

use anyhow::{Context, Result, bail};

use super::line::{Written, parse};
use super::stage::Stage;

/// Plays a scenario and compares what happens with what it expects.
///
/// Fails at the first difference, with its line; also where the engine and the naive evaluator differ.
pub fn check(text: &str) -> Result<()> {
    play(text, |written, found| {
        let expected: Vec<String> =
            written.expected.iter().filter(|line| *line != "nothing").map(|line| words(line)).collect();
        let told: Vec<String> = found.iter().map(|line| words(line)).collect();
        if expected != told {
            bail!("expected {}\n   found {}", shown(&written.expected), shown(&found));
        }
        Ok(())
    })
}

/// Plays a scenario and returns its text with the expectations replaced by what happens.
///
/// Fails where the engine and the naive evaluator differ: that is never blessed.
pub fn bless(text: &str) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blessed: Vec<String> = Vec::new();
    let mut copied = 0;
    play(text, |written, found| {
        let end = written.line - 1 + written.lines;
        copy(&lines[copied..end], &mut blessed);
        copied = end;
        let said_nothing = written.expected.iter().any(|line| line == "nothing");
        let found = if found.is_empty() && said_nothing { vec!["nothing".to_owned()] } else { found };
        blessed.extend(found.iter().map(|line| format!("    -> {line}")));
        Ok(())
    })?;
    copy(&lines[copied..], &mut blessed);
    Ok(blessed.join("\n") + "\n")
}

fn play(text: &str, mut each: impl FnMut(&Written, Vec<String>) -> Result<()>) -> Result<()> {
    let mut stage = Stage::new()?;
    for written in parse(text)? {
        let at_line = || format!("line {}", written.line);
        let found = stage.play(&written.step).with_context(at_line)?;
        each(&written, found).with_context(at_line)?;
    }
    Ok(())
}

/// Copies lines that are no expectations.
fn copy(lines: &[&str], to: &mut Vec<String>) {
    let kept = lines.iter().filter(|line| !line.trim_start().starts_with("->"));
    to.extend(kept.map(|line| (*line).to_owned()));
}

/// Spaces between words do not matter.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.join(" | ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMELINE: &str = "\
# Leaves by time alone.
rule  active: created_at >= now() - INTERVAL 30 MINUTE
at 2026-01-01T00:00Z  ana  page_viewed   # the first
    -> ana entered active  (event)
duplicate last
    -> nothing
advance to 2026-01-01T01:00Z
    -> ana left active  (time at 2026-01-01T00:30:00.000001Z)
";

    #[test]
    fn a_scenario_that_expects_what_happens_passes_and_is_its_own_blessing() {
        check(TIMELINE).unwrap();
        assert_eq!(bless(TIMELINE).unwrap(), TIMELINE);
    }

    #[test]
    fn a_difference_is_told_with_its_line_and_blessing_repairs_it() {
        let wrong = TIMELINE.replace("00:30:00.000001Z", "00:30:00Z");
        let error = format!("{:#}", check(&wrong).unwrap_err());
        assert!(error.starts_with("line 7: expected ana left active  (time at 2026-01-01T00:30:00Z)"), "{error}");
        assert_eq!(bless(&wrong).unwrap(), TIMELINE);
        let missing = TIMELINE.replace("    -> ana entered active  (event)\n", "");
        assert!(check(&missing).is_err());
        assert_eq!(bless(&missing).unwrap(), TIMELINE);
    }

    #[test]
    fn a_clause_that_does_not_compile_is_told() {
        let error = format!("{:#}", check("rule  a: colour = 'red'\n").unwrap_err());
        assert!(error.starts_with("line 1: "), "{error}");
        assert!(error.contains("colour"), "{error}");
    }
}
