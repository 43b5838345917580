//! Funnels: how many of some steps rows have made, one after the other.

use rules::Expr;
use rules::eval::is_true;
use schema::Timestamp;

use super::interpret::{At, Run};
use super::retained::RetainedRow;

impl Run<'_> {
    /// Goes through the rows once; of all ways to a step the one that began last is enough to know.
    pub(super) fn steps_made<'r>(
        &self,
        window: i64,
        steps: &[Expr],
        rows: impl Iterator<Item = &'r RetainedRow>,
        around: Option<&At<'_, '_>>,
    ) -> i64 {
        // When the way to each step began, of those that are in time.
        let mut begun: Vec<Option<Timestamp>> = vec![None; steps.len()];
        let mut most = 0;
        let mut rows = rows.peekable();
        while let Some(row) = rows.next() {
            let mut made = vec![false; steps.len()];
            let mut note = |row| {
                let scope = At { run: self, row, around };
                made.iter_mut().zip(steps).for_each(|(made, step)| *made = *made || is_true(step, &scope));
            };
            note(row);
            // Events of one instant are in no order: whatever any of them makes is made then.
            while let Some(other) = rows.next_if(|other| other.time == row.time) {
                note(other);
            }
            for at in 0..steps.len() {
                let before = if at == 0 { Some(row.time) } else { begun[at - 1] };
                let in_time = before.filter(|first| made[at] && row.time.micros_since(*first) <= window);
                if in_time.is_some() {
                    begun[at] = in_time;
                    most = most.max(at as i64 + 1);
                }
            }
        }
        most
    }
}
