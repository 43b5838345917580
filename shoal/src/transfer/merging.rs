//! Several ordered sequences as one.

use std::iter::Peekable;

/// A sequence that may fail while it is read.
pub(super) type Sequence<T> = Box<dyn Iterator<Item = anyhow::Result<T>> + Send>;

/// The smallest of the first items of all sequences, again and again; of equal ones that of the earlier sequence.
pub(super) struct Merged<T, K> {
    sequences: Vec<Peekable<Sequence<T>>>,
    key: fn(&T) -> K,
}

impl<T, K: Ord> Merged<T, K> {
    pub(super) fn new(sequences: Vec<Sequence<T>>, key: fn(&T) -> K) -> Self {
        Self { sequences: sequences.into_iter().map(Iterator::peekable).collect(), key }
    }
}

impl<T, K: Ord> Iterator for Merged<T, K> {
    type Item = anyhow::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut smallest: Option<(Option<K>, usize)> = None;
        for (index, sequence) in self.sequences.iter_mut().enumerate() {
            // What cannot be read comes first: nothing behind it is in order.
            let key = match sequence.peek() {
                Some(Ok(item)) => Some((self.key)(item)),
                Some(Err(_)) => None,
                None => continue,
            };
            if smallest.as_ref().is_none_or(|(least, _)| key < *least) {
                smallest = Some((key, index));
            }
        }
        let (_, index) = smallest?;
        self.sequences.get_mut(index)?.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_merged_in_order_and_equal_items_in_that_of_the_sequences() {
        let sequence =
            |items: &'static [(u8, char)]| -> Sequence<(u8, char)> { Box::new(items.iter().copied().map(Ok)) };
        let sequences =
            vec![sequence(&[(1, 'a'), (3, 'a'), (3, 'b')]), sequence(&[]), sequence(&[(0, 'c'), (3, 'c'), (4, 'c')])];
        let merged: Vec<_> = Merged::new(sequences, |(number, _)| *number).map(Result::unwrap).collect();
        assert_eq!(merged, [(0, 'c'), (1, 'a'), (3, 'a'), (3, 'b'), (3, 'c'), (4, 'c')]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let broken: Sequence<u8> = Box::new([Ok(9), Err(anyhow::anyhow!("torn"))].into_iter());
        let whole: Sequence<u8> = Box::new([Ok(1), Ok(10)].into_iter());
        let outcomes: Vec<bool> = Merged::new(vec![whole, broken], |number| *number).map(|item| item.is_ok()).collect();
        assert_eq!(outcomes, [true, true, false, true]);
    }
}
