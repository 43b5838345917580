//! The truth of a part of a clause: one for the user, or one of each event.

use rules::Truth;

use super::condition::Joint;

/// One truth for all events, or one of each.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Truths {
    Same(Truth),
    OfEach(Vec<Truth>),
}

impl Truths {
    /// Returns what it is of the event at a place.
    pub(super) fn at(&self, event: usize) -> Truth {
        match self {
            Self::Same(truth) => *truth,
            Self::OfEach(truths) => truths[event],
        }
    }

    /// Returns whether some event makes it TRUE: unknown when none does and some might.
    pub(super) fn of_some_event(&self) -> Truth {
        match self {
            Self::Same(truth) => *truth,
            Self::OfEach(truths) => any(truths.iter().copied()),
        }
    }

    /// Puts the truths of parts together.
    pub(super) fn joined(joint: Joint, parts: &[&Self], events: usize) -> Self {
        let join = |of: &dyn Fn(&Self) -> Truth| {
            let mut parts = parts.iter().map(|part| of(part));
            match joint {
                Joint::And => any(parts.map(Truth::negated)).negated(),
                Joint::Or => any(parts),
                Joint::Not => parts.next().map_or(Truth::Unknown, Truth::negated),
                Joint::IsTrue if parts.next() == Some(Truth::True) => Truth::True,
                Joint::IsTrue | Joint::Leaf => Truth::False,
            }
        };
        if parts.iter().all(|part| matches!(part, Self::Same(_))) {
            return Self::Same(join(&Self::of_some_event));
        }
        Self::OfEach((0..events).map(|event| join(&|part: &Self| part.at(event))).collect())
    }
}

fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.fold(Truth::False, |so_far, truth| match (so_far, truth) {
        (Truth::True, _) | (_, Truth::True) => Truth::True,
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        _ => Truth::False,
    })
}
