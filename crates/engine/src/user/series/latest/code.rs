//! A text in one cell, or what of it fits.
//!
//! Regions, countries and devices are mostly short, and then equal exactly when their codes are. A longer
//! text that some rule asks for is the number of that constant; any other one lies in cells of its own.

use crate::catalog::LatestSpec;

const BYTES_PER_CELL: usize = 8;
/// The most bytes of a text that is its own code.
const SHORT: usize = 7;
const KIND_BITS: u32 = 2;
const LENGTH_BITS: u32 = 3;

/// The kinds, in the lowest bits.
const SHORT_TEXT: i64 = 1;
const CONSTANT: i64 = 2;
const LONG_TEXT: i64 = 3;

/// Has no more than 61 bits and is not negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::user::series) struct Code(pub(super) i64);

impl Code {
    /// The code of no text.
    pub(super) const NOTHING: Self = Self(0);

    pub(super) fn of(spec: &LatestSpec, text: &str) -> Self {
        Self::of_short(text).unwrap_or_else(|| match spec.number_of(text) {
            Some(constant) => Self(i64::from(constant) << KIND_BITS | CONSTANT),
            None => Self((text.len() as i64) << KIND_BITS | LONG_TEXT),
        })
    }

    /// Returns which of the constants that the value is compared with it is, if any.
    pub(super) fn constant(self, spec: &LatestSpec) -> Option<u32> {
        match self.0 & LONG_TEXT {
            CONSTANT => u32::try_from(self.rest()).ok(),
            SHORT_TEXT => {
                let (bytes, length) = self.short_bytes();
                spec.number_of(str::from_utf8(bytes.get(..length)?).ok()?)
            }
            // Were it a constant, it would have that one's number.
            _ => None,
        }
    }

    /// Returns the bytes of a short text, and how many they are.
    const fn short_bytes(self) -> ([u8; 8], usize) {
        ((self.rest() >> LENGTH_BITS).to_le_bytes(), self.rest() & ((1 << LENGTH_BITS) - 1))
    }

    /// Returns the code of a text that is its own code.
    #[inline]
    pub(super) fn of_short(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let length = bytes.len();
        // Bytes in the middle are read twice, into the same place: quicker than a loop.
        let packed = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            _ if length > SHORT => return None,
            (Some(first), Some(last)) => {
                i64::from(u32::from_le_bytes(*first)) | i64::from(u32::from_le_bytes(*last)) << ((length - 4) * 8)
            }
            _ => match *bytes {
                [] => 0,
                [first] => i64::from(first),
                [first, second] => i64::from(first) | i64::from(second) << 8,
                [first, second, third, ..] => i64::from(first) | i64::from(second) << 8 | i64::from(third) << 16,
            },
        };
        Some(Self((packed << LENGTH_BITS | length as i64) << KIND_BITS | SHORT_TEXT))
    }

    /// Returns whether it is the code of that text, given the cells behind it, where more of a text may be.
    #[inline]
    pub(super) fn is<'a>(self, cells: &[i64], spec: impl FnOnce() -> Option<&'a LatestSpec>, text: &str) -> bool {
        match self.0 & LONG_TEXT {
            SHORT_TEXT => Self::of_short(text) == Some(self),
            LONG_TEXT => self.rest() == text.len() && is_in_cells(cells, text.as_bytes()),
            CONSTANT => spec().is_some_and(|spec| *spec.constants[self.rest()] == *text),
            _ => false,
        }
    }

    /// Returns whether it is a text that is its own code.
    pub(super) const fn is_short(self) -> bool {
        self.0 & LONG_TEXT == SHORT_TEXT
    }

    /// Returns how many cells more the text takes.
    pub(super) const fn cells(self) -> usize {
        if self.0 & LONG_TEXT == LONG_TEXT { self.rest().div_ceil(BYTES_PER_CELL) } else { 0 }
    }

    const fn rest(self) -> usize {
        (self.0 >> KIND_BITS) as usize
    }

    /// Appends the cells that the text takes more.
    pub(super) fn push_cells(self, text: &str, cells: &mut Vec<i64>) {
        if self.cells() > 0 {
            cells.extend(text.as_bytes().chunks(BYTES_PER_CELL).map(cell));
        }
    }

    /// Returns the text, of which these are the cells that it takes more.
    pub(super) fn text(self, spec: &LatestSpec, cells: &[i64]) -> String {
        let (bytes, length) = match self.0 & LONG_TEXT {
            CONSTANT => return spec.constants[self.rest()].to_string(),
            SHORT_TEXT => {
                let (bytes, length) = self.short_bytes();
                (bytes.to_vec(), length)
            }
            _ => (cells.iter().flat_map(|cell| cell.to_le_bytes()).collect(), self.rest()),
        };
        String::from_utf8_lossy(&bytes[..length.min(bytes.len())]).into_owned()
    }
}

/// Returns whether cells hold a text, which is not a short one.
#[inline]
fn is_in_cells(cells: &[i64], bytes: &[u8]) -> bool {
    let (whole, rest) = bytes.as_chunks::<BYTES_PER_CELL>();
    let Some((known, behind)) = cells.split_at_checked(whole.len()) else { return false };
    if whole.iter().zip(known).any(|(bytes, known)| i64::from_le_bytes(*bytes) != *known) {
        return false;
    }
    // The last bytes, of which some may be in the cell before: those that are, fall out.
    let Some(last) = bytes.last_chunk().filter(|_| !rest.is_empty()) else { return rest.is_empty() };
    let last = u64::from_le_bytes(*last) >> ((BYTES_PER_CELL - rest.len()) * 8);
    behind.first() == Some(&(last as i64))
}

fn cell(bytes: &[u8]) -> i64 {
    let mut cell = [0; BYTES_PER_CELL];
    cell[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(cell)
}

#[cfg(test)]
mod tests {
    use rules::Column;

    use super::*;

    #[test]
    fn a_text_is_read_as_it_was_written_whatever_its_length() {
        let mut spec = LatestSpec::new(Column::Region);
        let known = ["", "CA", "mobile", "desktop", "North Rhine-Westphalia"];
        for text in known {
            spec.constant(text);
        }
        for text in
            known.into_iter().chain(["a", "\0", "\0\0", "tablet", "tablets", "tablet 8", "Île-de-France", "eightéé"])
        {
            let code = Code::of(&spec, text);
            let mut cells = Vec::new();
            code.push_cells(text, &mut cells);
            assert_eq!((code.text(&spec, &cells), cells.len()), (text.to_owned(), code.cells()));
            assert!(code.is(&cells, || Some(&spec), text));
            assert!(!code.is(&cells, || Some(&spec), &format!("{text}!")));
            assert_eq!(code.constant(&spec), spec.number_of(text), "{text}");
        }
    }
}
