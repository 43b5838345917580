//! A map from a few texts, known when a catalog is frozen, that is asked with every event.
//!
//! Most texts are short, and two texts of up to sixteen bytes are equal exactly when their lengths and their ends are:
//! two numbers tell them apart, without a hash over all bytes, and without a comparison of bytes. Most that
//! are asked for are in no rule: they end at a free slot. Texts that someone chose to lie in one slot find no more there
//! than the rules have put.

/// So many slots for each text at least: nearly all texts that are not known end at the first.
const SLOTS_PER_TEXT: usize = 4;
const LEAST_SLOTS: usize = 8;
/// Texts of more bytes are not told by their ends.
const LONG: usize = 16;
const FREE: u32 = u32::MAX;

/// What texts stand for.
#[derive(Debug)]
pub(super) struct Texts<T> {
    /// A power of two of numbers of entries; an entry is in the first one that was free from its hash on.
    slots: Box<[u32]>,
    entries: Vec<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    ends: Ends,
    text: Box<str>,
    value: T,
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Self { slots: vec![FREE; LEAST_SLOTS].into(), entries: Vec::new() }
    }
}

/// The length of a text, and its first and last bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ends {
    length: usize,
    first: u64,
    last: u64,
}

impl Ends {
    #[inline]
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let length = bytes.len();
        let (first, last) = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
        } else {
            let byte = |at: usize| bytes.get(at).copied().map_or(0, u64::from);
            (byte(0), byte(length / 2) << 8 | byte(length.saturating_sub(1)))
        };
        Self { length, first, last }
    }

    #[inline]
    const fn hash(self) -> u64 {
        let mixed = self.first ^ self.last.rotate_left(25) ^ self.length as u64;
        let product = mixed as u128 * 0x9E37_79B9_7F4A_7C15;
        product as u64 ^ (product >> 64) as u64
    }
}

impl<T> Texts<T> {
    /// Returns what a text stands for.
    #[inline]
    pub(super) fn get(&self, text: &str) -> Option<&T> {
        let ends = Ends::of(text);
        let mut at = ends.hash() as usize;
        loop {
            at &= self.slots.len() - 1;
            // A free slot is the number of no entry.
            let entry = self.entries.get(self.slots[at] as usize)?;
            if entry.ends == ends && (ends.length <= LONG || *entry.text == *text) {
                return Some(&entry.value);
            }
            at += 1;
        }
    }

    /// Returns what a text stands for, which is made when the text is new.
    pub(super) fn entry(&mut self, text: &str) -> &mut T
    where
        T: Default,
    {
        let known = self.entries.iter().position(|entry| *entry.text == *text);
        let number = known.unwrap_or_else(|| {
            self.entries.push(Entry { ends: Ends::of(text), text: text.into(), value: T::default() });
            self.file_all();
            self.entries.len() - 1
        });
        &mut self.entries[number].value
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|entry| &mut entry.value)
    }

    fn file_all(&mut self) {
        let count = (self.entries.len() * SLOTS_PER_TEXT).next_power_of_two().max(LEAST_SLOTS);
        self.slots = vec![FREE; count].into();
        for (number, entry) in (0..).zip(&self.entries) {
            let mut at = entry.ends.hash() as usize & (count - 1);
            while self.slots[at] != FREE {
                at = (at + 1) & (count - 1);
            }
            self.slots[at] = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_stands_for_its_own_and_others_for_nothing() {
        // Of every length up to beyond the ends, alike but for one byte anywhere.
        let alike = |length: usize| {
            (0..length).map(move |at| (0..length).map(|other| if other == at { 'b' } else { 'a' }).collect::<String>())
        };
        let known: Vec<String> = (0..40).flat_map(alike).chain([String::new()]).collect();
        let mut texts = Texts::default();
        for (number, text) in known.iter().enumerate() {
            *texts.entry(text) = number;
        }
        for (number, text) in known.iter().enumerate() {
            assert_eq!(texts.get(text), Some(&number), "{text}");
            assert_eq!(*texts.entry(text), number);
            assert_eq!(
                texts.get(&text.replace('b', "c")),
                known.iter().position(|it| *it == text.replace('b', "c")).as_ref()
            );
            assert_eq!(texts.get(&format!("{text}c")), None);
        }
        assert_eq!(Texts::<u8>::default().get("a"), None);
    }
}
