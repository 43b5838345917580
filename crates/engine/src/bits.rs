//! Sets of small numbers as bits in words: conditions and rules of a user.

/// How many bits a word has.
pub(crate) const PER_WORD: usize = u64::BITS as usize;

/// Returns how many words so many bits take.
pub(crate) const fn words(count: usize) -> usize {
    count.div_ceil(PER_WORD)
}

pub(crate) fn none(count: usize) -> Box<[u64]> {
    vec![0; words(count)].into_boxed_slice()
}

/// Returns the set of all numbers below `count`.
pub(crate) fn all(count: usize) -> Box<[u64]> {
    let mut all = none(count);
    (0..count as u32).for_each(|bit| set(&mut all, bit));
    all
}

pub(crate) const fn is_set(words: &[u64], bit: u32) -> bool {
    words[bit as usize / PER_WORD] & mask(bit) != 0
}

pub(crate) const fn set(words: &mut [u64], bit: u32) {
    words[bit as usize / PER_WORD] |= mask(bit);
}

/// Makes a number part of the set, or not, and returns whether that changed the set.
pub(crate) const fn assign(words: &mut [u64], bit: u32, holds: bool) -> bool {
    let word = &mut words[bit as usize / PER_WORD];
    let changed = (*word & mask(bit) != 0) != holds;
    if changed {
        *word ^= mask(bit);
    }
    changed
}

const fn mask(bit: u32) -> u64 {
    1 << (bit as usize % PER_WORD)
}

/// Returns the part of a word that lies in a range of numbers.
pub(crate) fn within(word: usize, range: &std::ops::Range<u32>) -> u64 {
    let first = (word * PER_WORD) as u32;
    let below = |end: u32| match end.saturating_sub(first) {
        bits if bits as usize >= PER_WORD => u64::MAX,
        bits => (1 << bits) - 1,
    };
    below(range.end) & !below(range.start)
}

/// Returns the words in which numbers of a range lie.
pub(crate) fn words_of(range: &std::ops::Range<u32>) -> std::ops::Range<usize> {
    if range.is_empty() { 0..0 } else { range.start as usize / PER_WORD..words(range.end as usize) }
}

/// Returns the numbers of a word, ascending.
pub(crate) fn of_word(word: usize, bits: u64) -> impl Iterator<Item = u32> {
    let (first, mut left) = ((word * PER_WORD) as u32, bits);
    std::iter::from_fn(move || {
        let bit = (left != 0).then(|| first + left.trailing_zeros())?;
        left &= left - 1;
        Some(bit)
    })
}

/// Returns the numbers of a set, ascending.
pub(crate) fn iter(words: &[u64]) -> impl Iterator<Item = u32> {
    words.iter().enumerate().flat_map(|(word, bits)| of_word(word, *bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_out_of_its_words() {
        for (start, end) in [(0, 0), (3, 3), (0, 64), (5, 70), (64, 128), (100, 190)] {
            let range = start..end;
            let found: Vec<u32> =
                words_of(&range).flat_map(|word| of_word(word, within(word, &range)).collect::<Vec<_>>()).collect();
            assert_eq!(found, range.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_set_gives_back_what_was_put_in() {
        let mut set = none(130);
        for bit in [0, 63, 64, 129] {
            assert!(assign(&mut set, bit, true));
            assert!(!assign(&mut set, bit, true));
        }
        assert!(assign(&mut set, 63, false));
        assert_eq!(iter(&set).collect::<Vec<_>>(), [0, 64, 129]);
        assert_eq!(iter(&all(70)).count(), 70);
    }
}
