//! The plain form of a series: what is stored, and what another catalog takes over.

use schema::{EventId, Timestamp};
use serde::{Deserialize, Serialize};

use super::latest::Row;
use super::{Slab, latest, recent, total};
use crate::catalog::{Catalog, RecentSpec, SeriesIndex, SeriesKind, TotalSpec};

/// What is kept for one series of one user.
///
/// Stored: the order of the variants and fields belongs to the format of `codec`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum SeriesState {
    /// Times, and how many events there ever were (0 when that is not counted).
    Recent {
        ever: u64,
        /// Ascending.
        times: Vec<Timestamp>,
    },
    /// Order totals: of all events, if nothing leaves some window, and the parts that leave again.
    Total {
        count: u64,
        sum: i128,
        /// Ascending; in units of the column.
        parts: Vec<(Timestamp, i64)>,
    },
    /// The latest value.
    Latest { time: Timestamp, event_id: EventId, value: String },
}

/// Reads every series of a slab, as of an instant; ascending by their places.
pub(crate) fn unpacked(slab: &Slab, catalog: &Catalog, now: Timestamp) -> Vec<(SeriesIndex, SeriesState)> {
    let kept = slab.view();
    let mut states = Vec::with_capacity(kept.len());
    for place in 0..kept.len() {
        let (index, cells) = (kept.series_at(place), kept.cells(place));
        let series = catalog.series(index);
        match &series.kind {
            SeriesKind::Recent(spec) => states.push((index, unpacked_recent(spec, cells))),
            SeriesKind::Total(spec) => states.push((index, unpacked_total(spec, cells, now))),
            SeriesKind::Latest(_) => {
                let known = Row::of(catalog, series).plain(cells).into_iter();
                states.extend(known.map(|(index, (time, event_id, value))| {
                    (index, SeriesState::Latest { time: Timestamp::from_micros(time), event_id, value })
                }));
            }
        }
    }
    states
}

fn unpacked_recent(spec: &RecentSpec, cells: &[i64]) -> SeriesState {
    SeriesState::Recent {
        ever: recent::ever(spec, cells),
        times: recent::times(spec, cells).iter().copied().map(Timestamp::from_micros).collect(),
    }
}

fn unpacked_total(spec: &TotalSpec, cells: &[i64], now: Timestamp) -> SeriesState {
    let (count, sum) = total::ever(spec, cells);
    // Whether a part that no window needs any more is still there is no one's business.
    let start = spec.longest().map_or(i64::MAX, |from| now.as_micros().saturating_add(from));
    let parts = total::parts(spec, cells).filter(|(time, _)| *time >= start);
    let parts = parts.map(|(time, units)| (Timestamp::from_micros(time), units)).collect();
    SeriesState::Total { count, sum, parts }
}

/// Makes the slab of such series; of one whose state is of another kind, its index.
///
/// Windows and deadlines do not stand at any instant before they are looked at.
pub(crate) fn packed(mut states: Vec<(SeriesIndex, SeriesState)>, catalog: &Catalog) -> Result<Slab, SeriesIndex> {
    let mut slab = Slab::default();
    states.sort_by_key(|(index, _)| (catalog.series(*index).place, *index));
    for (index, state) in &states {
        let series = catalog.series(*index);
        match (state, &series.kind) {
            (SeriesState::Recent { ever, times }, SeriesKind::Recent(spec)) => {
                slab.push(*index, &recent::packed(spec, *ever, times.iter().map(|time| time.as_micros())));
            }
            (SeriesState::Total { count, sum, parts }, SeriesKind::Total(spec)) => {
                let parts: Vec<(i64, i64)> = parts.iter().map(|(time, units)| (time.as_micros(), *units)).collect();
                slab.push(*index, &total::packed(spec, (*count, *sum), &parts));
            }
            (SeriesState::Latest { time, event_id, value }, SeriesKind::Latest(_)) => {
                let row = Row::of(catalog, catalog.series(series.place));
                let column = row.members.iter().position(|member| member == index).ok_or(*index)?;
                let text_of = |number| (number == column).then_some(value.as_str());
                latest::insert(&mut slab, series.place, row, (time.as_micros(), *event_id), text_of);
            }
            _ => return Err(*index),
        }
    }
    Ok(slab)
}

impl SeriesState {
    /// Returns whether it is as if there had been no event.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Recent { ever, times } => *ever == 0 && times.is_empty(),
            Self::Total { count, parts, .. } => *count == 0 && parts.is_empty(),
            Self::Latest { .. } => false,
        }
    }

    /// Joins what several aggregates knew of the same series: the one that reaches back furthest knows
    /// what the others do.
    #[must_use]
    pub(crate) fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Recent { ever, times }, Self::Recent { ever: other_ever, times: other }) => {
                let times = if (times.len(), &times) < (other.len(), &other) { other } else { times };
                Self::Recent { ever: ever.max(other_ever), times }
            }
            (Self::Total { count, sum, parts }, Self::Total { count: other_count, sum: other_sum, parts: other }) => {
                let (count, sum) = if count == 0 { (other_count, other_sum) } else { (count, sum) };
                Self::Total { count, sum, parts: if parts.len() < other.len() { other } else { parts } }
            }
            (state, _) => state,
        }
    }
}
