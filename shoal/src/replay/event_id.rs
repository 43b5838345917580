//! The `event_id` of an event that came without one.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::IgnoredAny;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Returns the line with an `event_id` in it: the one it has, or one that follows from its text and
/// its number, so that two equal lines are two events and the same line is the same one every time.
///
/// What is no JSON object is returned as it is: the server says what is wrong with it.
pub(crate) fn with_event_id(text: &str, number: u64) -> Cow<'_, str> {
    let Ok(fields) = serde_json::from_str::<HashMap<Cow<'_, str>, IgnoredAny>>(text) else {
        return Cow::Borrowed(text);
    };
    let Some(brace) = text.find('{').filter(|_| !fields.contains_key("event_id")) else {
        return Cow::Borrowed(text);
    };
    let hash = xxh3_128_with_seed(text.as_bytes(), number);
    let event_id = uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid();
    let comma = if fields.is_empty() { "" } else { "," };
    // Spliced into the text, so that the payload stays byte for byte what the file says.
    Cow::Owned(format!("{}{{\"event_id\":\"{event_id}\"{comma}{}", &text[..brace], &text[brace + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_follows_from_the_line_and_its_number() {
        let line = r#"{"id":"a","payload":{"x": 1.10}}"#;
        let first = with_event_id(line, 1);
        assert_eq!(first, with_event_id(line, 1));
        assert_ne!(first, with_event_id(line, 2), "two equal lines are two events");
        assert!(first.ends_with(r#","id":"a","payload":{"x": 1.10}}"#), "{first}");
        let read: serde_json::Value = serde_json::from_str(&first).unwrap();
        uuid::Uuid::parse_str(read["event_id"].as_str().unwrap()).unwrap();
    }

    #[test]
    fn what_has_an_event_id_or_is_no_object_is_left_alone() {
        for text in [r#"{"event_id":"x","id":"a"}"#, r#"{"event_id":null}"#, "[1]", "nonsense", ""] {
            assert_eq!(with_event_id(text, 1), text);
        }
        serde_json::from_str::<serde_json::Value>(&with_event_id("{}", 1)).unwrap();
    }
}
