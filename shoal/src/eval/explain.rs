//! A diagnostic as people read it: the line of the clause it is about, underlined.

use rules::{Diagnostic, Severity};

/// Returns the message, the line with the first byte of the span, and marks under it.
pub(super) fn underlined(clause: &str, diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "note",
    };
    let code = serde_json::to_string(&diagnostic.code).unwrap_or_default();
    let mut shown = format!("{severity}[{}]: {}", code.trim_matches('"'), diagnostic.message);
    let start = floor_boundary(clause, diagnostic.span.start);
    let end = floor_boundary(clause, diagnostic.span.end).max(start);
    let line_start = clause[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = clause[start..].find('\n').map_or(clause.len(), |newline| start + newline);
    let indent = clause[line_start..start].chars().count();
    let marks = clause[start..end.min(line_end)].chars().count().max(1);
    let line = clause[line_start..line_end].replace('\t', " ");
    shown += &format!("\n  | {line}\n  | {}{}", " ".repeat(indent), "^".repeat(marks));
    if let Some(hint) = &diagnostic.hint {
        shown += &format!("\n  = {hint}");
    }
    if let Some(replacement) = &diagnostic.replacement {
        shown += &format!("\n  = instead: {replacement}");
    }
    shown
}

/// Returns the nearest place at or before `at` where a character begins.
fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rules::{Code, Span};

    use super::*;

    #[track_caller]
    fn check(clause: &str, span: (usize, usize), expected: &str) {
        let diagnostic = Diagnostic::error(Code::Syntax, Span { start: span.0, end: span.1 }, "no");
        assert_eq!(underlined(clause, &diagnostic), format!("error[syntax]: no\n{expected}"), "{clause:?} {span:?}");
    }

    #[test]
    fn the_place_is_underlined_in_its_line() {
        check("a = b", (4, 5), "  | a = b\n  |     ^");
        check("a\nAND bc\nOR d", (6, 8), "  | AND bc\n  |     ^^");
    }

    #[test]
    fn places_at_the_end_across_lines_and_in_long_characters_are_shown() {
        check("a =", (3, 3), "  | a =\n  |    ^");
        check("", (0, 0), "  | \n  | ^");
        check("ab\ncd", (1, 5), "  | ab\n  |  ^");
        check("'é' = x", (6, 99), "  | 'é' = x\n  |      ^^");
        check("'é' = x", (2, 3), "  | 'é' = x\n  |  ^");
    }
}
