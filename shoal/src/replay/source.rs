//! Cutting a file into batches: one JSON value per line, or one JSON array.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use anyhow::Context as _;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

use super::event_id::with_event_id;

/// The longest line that is read; the ingestion-api takes far shorter events.
const MAX_LINE_BYTES: u64 = 4 * 1024 * 1024;
/// A batch is sent when it has grown to this, so that it stays below the server's limit of a body.
const MAX_BATCH_BYTES: usize = 512 * 1024;

/// One event of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// Which line (which element of an array), from 1.
    pub(super) number: u64,
    /// The event, with an `event_id`; no newline in it.
    pub(super) text: String,
}

/// Reads batches of at most `length` lines and hands them over until the file or the receiver ends.
pub(super) fn read_batches(reader: impl Read, length: usize, sender: &Sender<Vec<Line>>) -> anyhow::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut batches = Batches { sender, length, lines: Vec::new(), bytes: 0 };
    if first_byte(&mut reader)? == Some(b'[') {
        read_array(reader, &mut batches)?;
    } else {
        read_lines(reader, &mut batches)?;
    }
    let _receiver_may_be_gone = batches.flush();
    Ok(())
}

/// Passes over white space and a byte order mark.
fn first_byte(reader: &mut impl BufRead) -> anyhow::Result<Option<u8>> {
    loop {
        let byte = reader.fill_buf().context("reading the file")?.first().copied();
        match byte {
            Some(b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF) => reader.consume(1),
            other => return Ok(other),
        }
    }
}

fn read_lines(mut reader: impl BufRead, batches: &mut Batches<'_>) -> anyhow::Result<()> {
    let mut buffer = Vec::new();
    for number in 1.. {
        buffer.clear();
        let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut buffer).context("reading the file")?;
        if read == 0 {
            break;
        }
        anyhow::ensure!((read as u64) < MAX_LINE_BYTES, "line {number} is longer than {MAX_LINE_BYTES} bytes");
        let text = String::from_utf8_lossy(&buffer);
        let text = text.trim();
        if !text.is_empty() && !batches.push(number, text) {
            break;
        }
    }
    Ok(())
}

fn read_array(reader: impl BufRead, batches: &mut Batches<'_>) -> anyhow::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let all = Elements(batches).deserialize(&mut deserializer).context("reading the JSON array")?;
    if all {
        deserializer.end().context("reading past the end of the JSON array")?;
    }
    Ok(())
}

/// Visits an array element by element, so that it never stands in memory as a whole.
struct Elements<'a, 'b>(&'a mut Batches<'b>);

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    /// Whether the receiver took all of them.
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        let mut taken = true;
        for number in 1.. {
            let Some(element) = elements.next_element::<Box<RawValue>>()? else { break };
            // White space between tokens may hold newlines, which would end a line of NDJSON;
            // inside of a JSON string there are none.
            taken = taken && self.0.push(number, &element.get().replace(['\n', '\r'], " "));
        }
        Ok(taken)
    }
}

struct Batches<'a> {
    sender: &'a Sender<Vec<Line>>,
    length: usize,
    lines: Vec<Line>,
    bytes: usize,
}

impl Batches<'_> {
    /// Returns false when nobody receives any more.
    fn push(&mut self, number: u64, text: &str) -> bool {
        let text = with_event_id(text, number).into_owned();
        self.bytes += text.len();
        self.lines.push(Line { number, text });
        if self.lines.len() >= self.length || self.bytes >= MAX_BATCH_BYTES { self.flush() } else { true }
    }

    fn flush(&mut self) -> bool {
        self.bytes = 0;
        let lines = std::mem::take(&mut self.lines);
        lines.is_empty() || self.sender.blocking_send(lines).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, expected: &[&[(u64, &str)]]) {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
        read_batches(file.as_bytes(), 2, &sender).unwrap();
        drop(sender);
        let batches: Vec<Vec<Line>> = std::iter::from_fn(|| receiver.blocking_recv()).collect();
        let found: Vec<Vec<(u64, &str)>> =
            batches.iter().map(|batch| batch.iter().map(|line| (line.number, line.text.as_str())).collect()).collect();
        assert_eq!(found, expected, "from {file:?}");
    }

    const A: &str = r#"{"event_id":"a"}"#;
    const B: &str = r#"{"event_id":"b"}"#;

    #[test]
    fn lines_are_batched_with_their_numbers_and_empty_ones_passed_over() {
        check(&format!("{A}\r\n\n{B}\n{A}"), &[&[(1, A), (3, B)], &[(4, A)]]);
    }

    #[test]
    fn an_array_is_read_element_by_element() {
        check(&format!("\u{feff} [{A},\n {B} , {A}]\n"), &[&[(1, A), (2, B)], &[(3, A)]]);
        check("[]", &[]);
        check("", &[]);
    }

    #[test]
    fn an_element_that_spans_lines_becomes_one_line() {
        check("[{\n\"event_id\":\n\"a\"}]", &[&[(1, "{ \"event_id\": \"a\"}")]]);
    }

    #[test]
    fn a_broken_array_is_an_error_and_a_broken_line_is_left_to_the_server() {
        let (sender, _receiver) = tokio::sync::mpsc::channel(100);
        assert!(read_batches("[{}".as_bytes(), 2, &sender).is_err());
        check("nonsense\n", &[&[(1, "nonsense")]]);
    }
}
