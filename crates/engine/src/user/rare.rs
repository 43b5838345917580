//! What most users have nothing of, behind one pointer.

use super::duplicates::Many;
use super::{Kept, Said, Slots, User};

#[derive(Debug, Default)]
pub(super) struct Rare {
    /// What was said of the user; `None` is nothing.
    pub(super) said: Option<Box<Said>>,
    /// Aggregates that are folded one by one, of the live catalog.
    pub(super) slots: Slots,
    /// Of the catalog being absorbed: what the live one does not keep.
    pub(super) absorbing: Option<Box<Kept>>,
    /// The ids that are remembered, when they are many.
    pub(super) many: Option<Many>,
}

const NO_SLOTS: &Slots = &Slots::NONE;

impl User {
    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Returns what was said of the user.
    pub(crate) fn said(&self) -> Option<&Said> {
        self.rare.as_ref()?.said.as_deref()
    }

    pub(crate) fn set_said(&mut self, said: Option<Box<Said>>) {
        if said.is_some() || self.rare.is_some() {
            self.rare_mut().said = said;
        }
    }

    /// Returns whether something was said of the user, and no event has come yet.
    pub(crate) fn is_alone(&self) -> bool {
        self.said().is_some_and(|said| said.is_alone)
    }

    /// Notes that there is an event.
    pub(crate) fn is_seen(&mut self) {
        if let Some(said) = self.rare.as_mut().and_then(|rare| rare.said.as_mut()) {
            said.is_alone = false;
        }
    }

    /// Returns the aggregates that are folded one by one.
    pub(crate) fn slots(&self) -> &Slots {
        self.rare.as_ref().map_or(NO_SLOTS, |rare| &rare.slots)
    }

    pub(crate) fn take_slots(&mut self) -> Slots {
        self.rare.as_mut().map_or(Slots::NONE, |rare| std::mem::take(&mut rare.slots))
    }

    pub(super) fn set_slots(&mut self, slots: Slots) {
        if !slots.is_empty() || self.rare.is_some() {
            self.rare_mut().slots = slots;
        }
    }

    /// Returns what is absorbed of the next catalog.
    pub(crate) fn absorbing_mut(&mut self) -> &mut Kept {
        self.rare_mut().absorbing.get_or_insert_default()
    }

    /// Returns what was absorbed, and forgets it.
    pub(crate) fn take_absorbed(&mut self) -> Kept {
        self.rare.as_mut().and_then(|rare| rare.absorbing.take()).map(|kept| *kept).unwrap_or_default()
    }
}
