//! What time alone does to a user.

use schema::Timestamp;

use super::present::Deciding;
use super::series::{DEADLINE, NEVER, Watch, look};
use super::{Flips, User};
use crate::catalog::{Bit, SeriesKind};

impl User {
    /// Decides what time alone has changed at `at`, which is not after the next change; the deadline
    /// moves on.
    ///
    /// Returns nothing when the timer was early: then the user is as before.
    pub(crate) fn fire(&mut self, deciding: &mut Deciding<'_>, at: Timestamp) -> Option<Flips> {
        deciding.scratch.clear();
        let of_series = self.fire_series(deciding, at);
        let is_due = self.has_general(deciding.catalog) && self.fire_general(deciding, at);
        if !deciding.scratch.flipped.is_empty() || is_due {
            self.decided_at = at;
        }
        let general = self.general_deadline(deciding.catalog);
        self.set_deadline([of_series, general].into_iter().flatten().min());
        if deciding.scratch.flipped.is_empty() && !is_due {
            return None;
        }
        deciding.scratch.consider_flipped(deciding.catalog);
        Some(self.decide(deciding))
    }

    /// Returns the earliest deadline of a series afterwards.
    fn fire_series(&mut self, deciding: &mut Deciding<'_>, now: Timestamp) -> Option<Timestamp> {
        let catalog = deciding.catalog;
        let watched = &deciding.profiles.get(self.profile).conditions;
        let (mut kept, set) = self.series_and_set(catalog);
        let mut watch = Watch { catalog, set, flipped: &mut deciding.scratch.flipped, now };
        let mut earliest = NEVER;
        for at in 0..kept.view().len() {
            let mut deadline = kept.view().deadline(at);
            if deadline <= now.as_micros() {
                // Time alone never adds to a number of events.
                let series = catalog.series(kept.view().series_at(at));
                let only_set = matches!(series.kind, SeriesKind::Recent(_));
                let wanted = |word: usize, set: u64| watched[word] & if only_set { set } else { u64::MAX };
                let cells = kept.cells_mut(at);
                deadline = look(series, cells, &mut watch, wanted);
                debug_assert!(deadline > now.as_micros(), "a deadline that fired must not come again");
                cells[DEADLINE] = deadline;
            }
            earliest = earliest.min(deadline);
        }
        (earliest != NEVER).then(|| Timestamp::from_micros(earliest))
    }

    /// Returns whether anything was due.
    fn fire_general(&mut self, deciding: &mut Deciding<'_>, at: Timestamp) -> bool {
        let catalog = deciding.catalog;
        let due = self.due_comparisons(catalog, at);
        if let Some((slots, besides)) = self.slots_and_besides(catalog) {
            slots.advance(&besides, at, &mut deciding.scratch.touched);
        }
        let mut bits: Vec<Bit> = due.clone();
        bits.extend(deciding.scratch.touched.iter().flat_map(|slot| &catalog.aggregate(*slot).readers));
        bits.sort_unstable();
        bits.dedup();
        self.look_at_general(deciding, &bits, at);
        !due.is_empty() || !deciding.scratch.touched.is_empty()
    }
}
