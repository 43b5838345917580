//! What nearly every event does to a series: it comes last, and flips nothing.
//!
//! A straight way through all that is otherwise done one after the other: finding the series, folding, and looking at
//! its conditions. Whatever else an event may do is found out here and left to [`fold`](super::fold).

use schema::Event;

use super::latest::{self, Row};
use super::{DEADLINE, NEVER, Slab, recent};
use crate::catalog::{Catalog, OutlineKind, SeriesIndex};
use crate::row::text_of;

/// Folds an event into a series whose filter it passes if that flips no condition that is watched; returns the
/// deadline of the series then. For any other event it returns nothing and does nothing.
#[inline]
pub(crate) fn fold_usual(
    slab: &mut Slab,
    catalog: &Catalog,
    index: SeriesIndex,
    event: &Event,
    watched: &[u64],
) -> Option<i64> {
    let outline = catalog.outline(index);
    let (cells, tail) = slab.usual_cells_mut(index)?;
    let time = event.created_at.as_micros();
    match outline.kind {
        OutlineKind::Times => {
            let word = outline.word as usize;
            let set = *tail.get(catalog.member_words() + word)? as u64;
            // One more event can end nothing that holds already.
            if outline.has_more || watched.get(word)? & !set & outline.conditions != 0 {
                return None;
            }
            recent::push_last(outline, cells, time).then(|| cells[DEADLINE])
        }
        OutlineKind::Row => {
            let row = Row::of(catalog, catalog.series(index));
            let text_of = |number: usize| text_of(event, row.columns[number]);
            latest::repeat_in_place(cells, row, (time, event.event_id), text_of).then_some(NEVER)
        }
        OutlineKind::Total => None,
    }
}
