//! Rows as Databend's loads read them.

use std::fmt::Display;

use schema::{Event, StandingTraits, UserId};

/// Writes the columns of an event that a clause can see, in the order of the tables' columns.
pub(super) fn event(line: &mut String, event: &Event) {
    text(line, event.event_id);
    text(line, event.user_id);
    text(line, &event.activity_type);
    let lifted = [&event.region, &event.country, &event.device_type, &event.url, &event.element_id, &event.order_id];
    lifted.into_iter().for_each(|column| nullable(line, column.as_ref()));
    nullable(line, event.order_total);
    text(line, event.created_at);
    text(line, event.received_at);
    text(line, event.payload.as_str());
}

/// Writes a user, when anything was said of the user first, and what stands of it.
pub(super) fn user(line: &mut String, user_id: UserId, standing: &StandingTraits) {
    text(line, user_id);
    nullable(line, standing.first());
    text(line, standing.to_json());
}

/// Writes a cell that may be NULL: without quotes and empty it is.
pub(super) fn nullable(line: &mut String, cell: Option<impl Display>) {
    match cell {
        Some(cell) => text(line, cell),
        None => line.push(','),
    }
}

/// Writes a cell in quotes.
pub(super) fn text(line: &mut String, cell: impl Display) {
    line.push('"');
    let from = line.len();
    // Writing to a text does not fail.
    let _ = std::fmt::Write::write_fmt(line, format_args!("{cell}"));
    if line[from..].contains('"') {
        let doubled = line[from..].replace('"', "\"\"");
        line.truncate(from);
        line.push_str(&doubled);
    }
    line.push_str("\",");
}

/// Ends a row.
pub(super) fn end(line: &mut String) {
    // Behind the last cell stands a comma too many.
    line.pop();
    line.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_null_is_nothing() {
        let mut line = String::new();
        text(&mut line, 7);
        nullable(&mut line, None::<&str>);
        nullable(&mut line, Some(""));
        text(&mut line, r#"{"a": "b\"c"}"#);
        end(&mut line);
        assert_eq!(line, "\"7\",,\"\",\"{\"\"a\"\": \"\"b\\\"\"c\"\"}\"\n");
    }
}
