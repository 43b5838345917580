//! A rule as a two-valued formula over conditions, and as a program that decides it by bits.
//!
//! `plan` leaves three-valued logic in a membership; here "it is TRUE" is pushed down to the
//! conditions, so that a bit each is enough.

/// A condition's place among a catalog's conditions: a bit of every user.
pub(crate) type Bit = u32;

/// A two-valued formula. Of no parts, `All` always holds and `Any` never.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Is(Bit),
    IsNot(Bit),
}

impl Formula {
    pub(crate) const ALWAYS: Self = Self::All(Vec::new());
    pub(crate) const NEVER: Self = Self::Any(Vec::new());

    pub(crate) const fn constant(holds: bool) -> Self {
        if holds { Self::ALWAYS } else { Self::NEVER }
    }

    /// Returns the formula that holds exactly when this one does not.
    pub(crate) fn negated(self) -> Self {
        let all_negated = |parts: Vec<Self>| parts.into_iter().map(Self::negated).collect();
        match self {
            Self::All(parts) => Self::Any(all_negated(parts)),
            Self::Any(parts) => Self::All(all_negated(parts)),
            Self::Is(bit) => Self::IsNot(bit),
            Self::IsNot(bit) => Self::Is(bit),
        }
    }

    /// Names the conditions anew.
    pub(crate) fn renamed(self, name: &impl Fn(Bit) -> Bit) -> Self {
        let all_renamed = |parts: Vec<Self>| parts.into_iter().map(|part| part.renamed(name)).collect();
        match self {
            Self::All(parts) => Self::All(all_renamed(parts)),
            Self::Any(parts) => Self::Any(all_renamed(parts)),
            Self::Is(bit) => Self::Is(name(bit)),
            Self::IsNot(bit) => Self::IsNot(name(bit)),
        }
    }

    /// Calls with each condition that is named, as often as it is.
    pub(crate) fn for_each(&self, call: &mut impl FnMut(Bit)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.for_each(call)),
            Self::Is(bit) | Self::IsNot(bit) => call(*bit),
        }
    }

    /// Returns what it is whatever the conditions are that are not known, if that decides it.
    pub(crate) fn decided(&self, known: &impl Fn(Bit) -> Option<bool>) -> Option<bool> {
        match self {
            Self::All(parts) => Self::decided_junction(parts, true, known),
            Self::Any(parts) => Self::decided_junction(parts, false, known),
            Self::Is(bit) => known(*bit),
            Self::IsNot(bit) => known(*bit).map(|holds| !holds),
        }
    }

    fn decided_junction(parts: &[Self], neutral: bool, known: &impl Fn(Bit) -> Option<bool>) -> Option<bool> {
        let mut open = false;
        for part in parts {
            match part.decided(known) {
                Some(holds) if holds != neutral => return Some(holds),
                Some(_) => {}
                None => open = true,
            }
        }
        (!open).then_some(neutral)
    }

    /// Calls with each condition on which it still depends.
    pub(crate) fn for_each_open(&self, known: &impl Fn(Bit) -> Option<bool>, call: &mut impl FnMut(Bit)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let open = parts.iter().filter(|part| part.decided(known).is_none());
                open.for_each(|part| part.for_each_open(known, call));
            }
            Self::Is(bit) | Self::IsNot(bit) if known(*bit).is_none() => call(*bit),
            Self::Is(_) | Self::IsNot(_) => {}
        }
    }
}

/// One look at a condition, and where to go on.
#[derive(Clone, Copy, Debug)]
struct Step {
    bit: Bit,
    when_set: u32,
    when_clear: u32,
}

const HOLDS: u32 = u32::MAX;
const FAILS: u32 = u32::MAX - 1;

/// The formulas of a catalog's rules, as steps that look at no more conditions than they must.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    steps: Vec<Step>,
    /// By rule.
    entries: Vec<u32>,
}

impl Programs {
    /// Appends the next rule's formula.
    pub(crate) fn push(&mut self, formula: &Formula) {
        let entry = self.emit(formula, HOLDS, FAILS);
        self.entries.push(entry);
    }

    /// Returns where to begin, to arrive at one place when the formula holds and at another when it does not.
    fn emit(&mut self, formula: &Formula, holds: u32, fails: u32) -> u32 {
        match formula {
            Formula::All(parts) => parts.iter().rev().fold(holds, |next, part| self.emit(part, next, fails)),
            Formula::Any(parts) => parts.iter().rev().fold(fails, |next, part| self.emit(part, holds, next)),
            Formula::Is(bit) => self.step(Step { bit: *bit, when_set: holds, when_clear: fails }),
            Formula::IsNot(bit) => self.step(Step { bit: *bit, when_set: fails, when_clear: holds }),
        }
    }

    fn step(&mut self, step: Step) -> u32 {
        self.steps.push(step);
        self.steps.len() as u32 - 1
    }

    /// Returns whether a rule holds for the conditions that are set.
    pub(crate) fn holds(&self, rule: usize, is_set: impl Fn(Bit) -> bool) -> bool {
        let mut at = self.entries[rule];
        while let Some(step) = self.steps.get(at as usize) {
            at = if is_set(step.bit) { step.when_set } else { step.when_clear };
        }
        at == HOLDS
    }
}

#[cfg(test)]
mod tests {
    use super::Formula::{All, Any, Is, IsNot};
    use super::*;

    fn plainly(formula: &Formula, set: u32) -> bool {
        match formula {
            All(parts) => parts.iter().all(|part| plainly(part, set)),
            Any(parts) => parts.iter().any(|part| plainly(part, set)),
            Is(bit) => set & (1 << bit) != 0,
            IsNot(bit) => set & (1 << bit) == 0,
        }
    }

    #[track_caller]
    fn check(formula: Formula) {
        let mut programs = Programs::default();
        programs.push(&formula);
        programs.push(&formula.clone().negated());
        for set in 0..16 {
            let is_set = |bit: Bit| set & (1 << bit) != 0;
            assert_eq!(programs.holds(0, is_set), plainly(&formula, set), "{formula:?} of {set:04b}");
            assert_eq!(programs.holds(1, is_set), !plainly(&formula, set), "the contrary of {formula:?} of {set:04b}");
            for known in 0..16_u32 {
                let known_bit = |bit: Bit| (known & (1 << bit) != 0).then(|| is_set(bit));
                if let Some(decided) = formula.decided(&known_bit) {
                    assert_eq!(decided, plainly(&formula, set), "{formula:?} of {set:04b} knowing {known:04b}");
                }
            }
        }
    }

    #[test]
    fn a_program_decides_like_its_formula() {
        check(Formula::ALWAYS);
        check(Formula::NEVER);
        check(IsNot(3));
        check(All(vec![Is(0), Any(vec![Is(1), IsNot(2)]), IsNot(3)]));
        check(Any(vec![All(vec![Is(0), Is(1)]), All(vec![]), Is(3)]));
        check(Any(vec![All(vec![IsNot(0), Any(vec![Is(1), All(vec![Is(2), Is(3)])])]), Any(vec![])]));
    }

    #[test]
    fn what_is_known_closes_the_branches_that_no_longer_matter() {
        let formula = Any(vec![Is(0), All(vec![Is(1), Is(2)])]);
        let open = |known: &dyn Fn(Bit) -> Option<bool>| {
            let mut open = Vec::new();
            formula.for_each_open(&known, &mut |bit| open.push(bit));
            open
        };
        assert_eq!(open(&|bit| (bit == 0).then_some(true)).len(), 2, "a decided formula is not asked");
        assert_eq!(open(&|bit| (bit == 0).then_some(false)), [1, 2]);
        assert_eq!(open(&|bit| (bit == 1).then_some(false)), [0]);
    }
}
