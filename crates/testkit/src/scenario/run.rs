//! Checking a scenario, and writing down what it does.

use anyhow::{Context, Result, bail};

use super::line::{Written, parse};
use super::stage::{REFUSED, Stage};

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
/// Fails where the engine and the naive evaluator differ, and where a rule is refused that was not expected
/// to be: neither is ever blessed.
pub fn bless(text: &str) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blessed: Vec<String> = Vec::new();
    let mut copied = 0;
    play(text, |written, found| {
        let end = written.line - 1 + written.lines;
        copy(&lines[copied..end], &mut blessed);
        copied = end;
        let is_refused = |lines: &[String]| lines.iter().any(|line| line.starts_with(REFUSED));
        if is_refused(&found) && !is_refused(&written.expected) {
            bail!("{}", shown(&found));
        }
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

    #[test]
    fn a_refusal_is_blessed_only_where_one_is_expected() {
        let cycle = "rule  a: user_id IN (SELECT user_id FROM segment_members WHERE segment = 'a')\n";
        assert!(bless(cycle).is_err());
        let blessed = bless(&format!("{cycle}    -> refused\n")).unwrap();
        let told = "    -> refused  (segment_cycle: the segment would depend on itself: a → a)\n";
        assert_eq!(blessed, format!("{cycle}{told}"));
        check(&blessed).unwrap();
    }

    #[test]
    fn what_is_said_of_a_user_is_played() {
        let timeline = "\
rule  pros: user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')
at 2026-01-01T00:00Z  ana  page_viewed
identify 2026-01-01T00:01Z  ana  traits={\"plan\":\"pro\"}
    -> ana entered pros  (event)
duplicate last
    -> nothing
identify 2026-01-01T00:02Z  ana  traits={\"plan\":\"free\"} created_at=2025-12-31T00:00Z
    -> nothing
";
        check(timeline).unwrap();
    }
}
