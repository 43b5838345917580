//! From a condition to the rules that name it.
//!
//! With a few hundred rules these are a few words of bits for each condition, which are joined without looking at any
//! rule; with more, most words would be empty, and they are lists.

use super::formula::{Bit, Formula};
use super::rule::RuleIndex;
use crate::bits;

/// The most words of rules that are kept as bits for each condition.
const MOST_WORDS: usize = 4;

/// By condition: the rules that name it.
#[derive(Debug)]
pub(super) enum Readers {
    /// As bits: so many words for each condition, one condition after the other.
    Words(usize, Box<[u64]>),
    /// Ascending.
    Lists(Vec<Box<[RuleIndex]>>),
}

impl Readers {
    /// Makes them of the formulas of all rules.
    pub(super) fn of<'a>(formulas: impl ExactSizeIterator<Item = &'a Formula>, conditions: usize) -> Self {
        let count = bits::words(formulas.len());
        let mut lists: Vec<Vec<RuleIndex>> = vec![Vec::new(); conditions];
        for (index, formula) in (0..).zip(formulas) {
            formula.for_each(&mut |bit| {
                let readers = &mut lists[bit as usize];
                if readers.last() != Some(&index) {
                    readers.push(index);
                }
            });
        }
        if count > MOST_WORDS {
            return Self::Lists(lists.into_iter().map(Vec::into_boxed_slice).collect());
        }
        let mut words = vec![0; conditions * count].into_boxed_slice();
        for (readers, words) in lists.iter().zip(words.chunks_exact_mut(count.max(1))) {
            readers.iter().for_each(|rule| bits::set(words, *rule));
        }
        Self::Words(count, words)
    }

    /// Adds the rules that name a condition to a set of rules.
    #[inline]
    pub(super) fn add(&self, bit: Bit, rules: &mut [u64]) {
        match self {
            Self::Words(count, words) => {
                let readers = &words[bit as usize * count..][..*count];
                rules.iter_mut().zip(readers).for_each(|(rules, readers)| *rules |= readers);
            }
            Self::Lists(lists) => lists[bit as usize].iter().for_each(|rule| bits::set(rules, *rule)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: u32) {
        let formula = |rule: u32| Formula::All(vec![Formula::Is(rule % 5), Formula::Any(vec![Formula::IsNot(5)])]);
        let formulas: Vec<Formula> = (0..rules).map(formula).collect();
        let readers = Readers::of(formulas.iter(), 7);
        for bit in 0..7 {
            let mut found = bits::none(rules as usize);
            readers.add(bit, &mut found);
            let expected: Vec<u32> = (0..rules).filter(|rule| bit == 5 || rule % 5 == bit).collect();
            assert_eq!(bits::iter(&found).collect::<Vec<_>>(), expected, "condition {bit} of {rules} rules");
        }
    }

    #[test]
    fn few_and_many_rules_are_found_by_their_conditions() {
        check(0);
        check(3);
        check(200);
        check(256);
        check(257);
        check(700);
    }

    #[test]
    fn the_rules_of_several_conditions_are_joined() {
        let formulas = [Formula::Is(0), Formula::Is(1), Formula::Is(2)];
        let readers = Readers::of(formulas.iter(), 3);
        let mut found = [0];
        readers.add(0, &mut found);
        readers.add(2, &mut found);
        assert_eq!(found, [0b101]);
    }
}
