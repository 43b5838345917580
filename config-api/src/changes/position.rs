//! What a subscriber has seen, as the `id` of an event: one offset per partition.
//!
//! A version byte, then each offset in LEB128, in base64url: some two hundred characters for 64
//! partitions with millions of changes each.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bus::{BusError, EventLog};
use schema::{Offset, PartitionId, Topic};

/// Told apart from whatever form comes next.
const VERSION: u8 = 1;

/// The next offset to read, per partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Position(pub(super) Vec<Offset>);

impl Position {
    pub(super) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(1 + 3 * self.0.len());
        bytes.push(VERSION);
        for offset in &self.0 {
            push_leb128(&mut bytes, *offset);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what `encode` wrote for that many partitions.
    pub(super) fn decode(text: &str, partitions: u16) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut rest = bytes.strip_prefix(&[VERSION])?;
        let offsets = (0..partitions).map(|_| take_leb128(&mut rest)).collect::<Option<_>>()?;
        rest.is_empty().then_some(Self(offsets))
    }
}

/// Returns where to read on in a partition: at `next`, or where the log begins if nothing between them was missed.
/// A server's log can begin behind the last change by as much as it keeps beside changes.
pub(super) async fn kept_from(log: &dyn EventLog, partition: PartitionId, next: Offset) -> Result<Offset, BusError> {
    let begin = log.range(Topic::SegmentChanges, partition).await?.start;
    if next < begin {
        // Refused if something was missed.
        log.read(Topic::SegmentChanges, partition, next, 1).await?;
    }
    Ok(next.max(begin))
}

fn push_leb128(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_leb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(first & 0x7f);
        // The tenth byte has room for one bit.
        value |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_text() {
        let position = Position(vec![0, 1, 127, 128, 300, u64::MAX, 1 << 63]);
        assert_eq!(Position::decode(&position.encode(), 7), Some(position));
    }

    #[test]
    fn what_is_no_position_of_this_log_is_refused() {
        let text = Position(vec![1, 2, 3]).encode();
        for (text, partitions) in
            [(text.as_str(), 2), (&text, 4), ("", 0), ("AQ", 1), ("%%", 1), ("Av____________8B", 1)]
        {
            assert_eq!(Position::decode(text, partitions), None, "{text} for {partitions}");
        }
    }
}
