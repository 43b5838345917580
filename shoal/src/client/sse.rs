//! Server-sent events, cut out of the bytes of a response.
//!
//! The part of the format that a change stream uses: `id`, `event`, `data`, comments. Bytes come in
//! any slices; an event counts only when its blank line has arrived.

/// One server-sent event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SseEvent {
    /// What to send as `Last-Event-ID` to go on after this event.
    pub id: Option<String>,
    /// Its type; `message` is not spelled out.
    pub event: Option<String>,
    /// Its data lines, joined by newlines; `None` when there were none: it only moves the id.
    pub data: Option<String>,
}

/// Cuts a stream of bytes into events.
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    pending: SseEvent,
}

impl SseParser {
    /// Takes the next bytes and returns the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<SseEvent> {
        let mut events = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8_lossy(&line);
                events.extend(self.take_line(text.trim_end_matches('\r')));
            } else {
                self.line.push(byte);
            }
        }
        events
    }

    fn take_line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.pending);
            return (event.id.is_some() || event.data.is_some()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.pending.id = Some(value.to_owned()),
            "event" => self.pending.event = Some(value.to_owned()),
            "data" => match &mut self.pending.data {
                Some(data) => data.extend(["\n", value]),
                None => self.pending.data = Some(value.to_owned()),
            },
            // A comment (the empty field), `retry`, or something from the future.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(slices: &[&str], expected: &[(Option<&str>, Option<&str>, Option<&str>)]) {
        let mut parser = SseParser::default();
        let events: Vec<SseEvent> = slices.iter().flat_map(|slice| parser.feed(slice.as_bytes())).collect();
        let found: Vec<_> = events.iter().map(|e| (e.id.as_deref(), e.event.as_deref(), e.data.as_deref())).collect();
        assert_eq!(found, expected, "from {slices:?}");
    }

    #[test]
    fn an_event_counts_when_its_blank_line_has_arrived() {
        check(&["id: 7\ndata: {}\n"], &[]);
        check(&["id: 7\nda", "ta: {}\n", "\n"], &[(Some("7"), None, Some("{}"))]);
    }

    #[test]
    fn comments_keep_the_connection_alive_and_are_no_events() {
        check(&[": still here\n\n", "event: change\ndata: 1\n\n"], &[(None, Some("change"), Some("1"))]);
    }

    #[test]
    fn an_id_alone_moves_the_position() {
        check(&["id: 7\n:\n\n"], &[(Some("7"), None, None)]);
    }

    #[test]
    fn carriage_returns_and_several_data_lines_are_understood() {
        check(&["data: a\r\ndata: b\r\n\r\n"], &[(None, None, Some("a\nb"))]);
    }
}
