//! What the lines of a scenario say.

use anyhow::{Context, Result, bail};
use schema::{SegmentTag, Timestamp};

/// One step of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Step {
    /// Creates a segment, or edits it.
    Rule { tag: SegmentTag, where_statement: String },
    /// Deletes a segment.
    Drop { tag: SegmentTag },
    /// An event arrives.
    Event { at: Timestamp, user: String, activity_type: String, columns: Vec<(String, String)> },
    /// Something is said of a user.
    Identify { at: Timestamp, user: String, columns: Vec<(String, String)> },
    /// The last record arrives once more.
    DuplicateLast,
    /// The clock moves.
    Advance { to: Timestamp },
    /// A user is erased.
    Delete { user: String },
    /// The engine goes on from its stored state.
    Restart,
}

/// A step and the lines it was written in.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Written {
    /// Counted from 1.
    pub(super) line: usize,
    /// How many lines it takes, without those of the expectation.
    pub(super) lines: usize,
    pub(super) step: Step,
    /// The lines with an arrow behind it, without the arrow.
    pub(super) expected: Vec<String>,
}

/// Reads a scenario.
pub(super) fn parse(text: &str) -> Result<Vec<Written>> {
    let mut steps: Vec<Written> = Vec::new();
    let mut rule: Option<String> = None;
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let number = index + 1;
        let is_continuation = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if let Some(expectation) = line.trim_start().strip_prefix("->") {
            let step = steps.last_mut().with_context(|| format!("line {number}: an expectation without a step"))?;
            step.expected.push(without_comment(expectation).to_owned());
            rule = None;
        } else if let (true, Some(text), Some(step)) = (is_continuation, &mut rule, steps.last_mut()) {
            text.push('\n');
            text.push_str(line);
            step.lines += 1;
            step.step = parse_rule(text).with_context(|| format!("line {number}"))?;
        } else if !without_comment(line).is_empty() {
            rule = line.strip_prefix("rule").map(str::to_owned);
            let step = match &rule {
                Some(text) => parse_rule(text),
                None => parse_step(without_comment(line)),
            };
            let step = step.with_context(|| format!("line {number}: `{line}`"))?;
            steps.push(Written { line: number, lines: 1, step, expected: Vec::new() });
        }
    }
    Ok(steps)
}

/// Cuts off ` # …`, unless it stands in quotes. Not for rules, whose texts may hold one.
fn without_comment(line: &str) -> &str {
    let begins = |at: usize| at == 0 || line[..at].ends_with(' ');
    let comment = outside_quotes(line).find(|(at, character)| *character == '#' && begins(*at));
    line[..comment.map_or(line.len(), |(at, _)| at)].trim()
}

/// Returns a line's words; spaces in double quotes do not part them.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    for (at, character) in outside_quotes(line).filter(|(_, character)| character.is_whitespace()) {
        words.push(&line[start..at]);
        start = at + character.len_utf8();
    }
    words.push(&line[start..]);
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the characters that do not stand in double quotes, with their places.
fn outside_quotes(line: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quoted, mut escaped) = (false, false);
    line.char_indices().filter(move |(_, character)| {
        let inside = quoted;
        quoted ^= *character == '"' && !escaped;
        escaped = inside && *character == '\\' && !escaped;
        !inside
    })
}

fn parse_rule(text: &str) -> Result<Step> {
    let (tag, clause) = text.split_once(':').context("expected `rule TAG: CLAUSE`")?;
    Ok(Step::Rule { tag: parse_tag(tag)?, where_statement: clause.trim().to_owned() })
}

fn parse_tag(text: &str) -> Result<SegmentTag> {
    SegmentTag::new(text.trim()).with_context(|| format!("`{}` is not a segment tag", text.trim()))
}

fn parse_step(line: &str) -> Result<Step> {
    Ok(match words(line).as_slice() {
        ["at", at, user, activity_type, columns @ ..] => Step::Event {
            at: Timestamp::parse(at)?,
            user: (*user).to_owned(),
            activity_type: (*activity_type).to_owned(),
            columns: parse_columns(columns)?,
        },
        ["identify", at, user, columns @ ..] => {
            Step::Identify { at: Timestamp::parse(at)?, user: (*user).to_owned(), columns: parse_columns(columns)? }
        }
        ["advance", "to", to] => Step::Advance { to: Timestamp::parse(to)? },
        ["duplicate", "last"] => Step::DuplicateLast,
        ["delete", user] => Step::Delete { user: (*user).to_owned() },
        ["drop", tag] => Step::Drop { tag: parse_tag(tag)? },
        ["restart"] => Step::Restart,
        _ => bail!("expected `rule`, `at`, `identify`, `advance to`, `duplicate last`, `delete`, `drop` or `restart`"),
    })
}

fn parse_columns(texts: &[&str]) -> Result<Vec<(String, String)>> {
    texts.iter().map(|text| parse_column(text)).collect()
}

fn parse_column(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').with_context(|| format!("expected `column=value`, not `{text}`"))?;
    // In quotes, as JSON writes a text, it may hold spaces.
    let value = if value.starts_with('"') {
        serde_json::from_str(value).with_context(|| format!("reading the text {value}"))?
    } else {
        value.to_owned()
    };
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_goes_on_in_indented_lines_and_may_hold_a_hash() {
        let steps = parse(
            "# note\nrule  a: region = ' #1'\n      AND TRUE\nadvance to 2026-01-01T00:00Z  # far\n  -> nothing\n",
        )
        .unwrap();
        assert_eq!(steps.len(), 2);
        let Step::Rule { where_statement, .. } = &steps[0].step else { panic!() };
        assert_eq!(where_statement, "region = ' #1'\n      AND TRUE");
        assert_eq!((steps[0].line, steps[0].lines), (2, 2));
        assert_eq!(steps[1].expected, ["nothing"]);
    }

    #[test]
    fn a_text_in_quotes_may_hold_spaces_and_a_hash() {
        let line =
            r##"at 2026-01-01T00:00Z ana  view element_id=" a \" #b" payload={"k":" \"#","n":1} url=/a  # note"##;
        let steps = parse(line).unwrap();
        let Step::Event { columns, .. } = &steps[0].step else { panic!() };
        let column = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(columns[0], column("element_id", " a \" #b"));
        assert_eq!(columns[2], column("url", "/a"));
    }

    #[test]
    fn a_line_that_says_nothing_is_refused_with_its_number() {
        let error = parse("\njump to 2026\n").unwrap_err();
        assert!(format!("{error:#}").starts_with("line 2: `jump to 2026`: expected"), "{error:#}");
    }
}
