//! The plain form of a series: what is stored, and what another catalog takes over.

use schema::{EventId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{latest, recent, total};
use crate::catalog::SeriesKind;

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

impl SeriesState {
    /// Reads the cells of a series, as of an instant.
    pub(crate) fn unpacked(kind: &SeriesKind, cells: &[i64], now: Timestamp) -> Self {
        let at = Timestamp::from_micros;
        match kind {
            SeriesKind::Recent(spec) => Self::Recent {
                ever: recent::ever(spec, cells),
                times: recent::times(spec, cells).iter().copied().map(at).collect(),
            },
            SeriesKind::Total(spec) => {
                let (count, sum) = total::ever(spec, cells);
                // Whether a part that no window needs any more is still there is no one's business.
                let start = spec.longest().map_or(i64::MAX, |from| now.as_micros().saturating_add(from));
                let parts = total::parts(spec, cells).filter(|(time, _)| *time >= start);
                Self::Total { count, sum, parts: parts.map(|(time, units)| (at(time), units)).collect() }
            }
            SeriesKind::Latest(spec) => {
                let (time, event_id, value) = latest::plain(spec, cells);
                Self::Latest { time: at(time), event_id, value }
            }
        }
    }

    /// Makes the cells of a series of that kind; `None` when it is of another one.
    ///
    /// Windows and deadlines do not stand at any instant before they are looked at.
    pub(crate) fn packed(&self, kind: &SeriesKind) -> Option<Vec<i64>> {
        match (self, kind) {
            (Self::Recent { ever, times }, SeriesKind::Recent(spec)) => {
                Some(recent::packed(spec, *ever, times.iter().map(|time| time.as_micros())))
            }
            (Self::Total { count, sum, parts }, SeriesKind::Total(spec)) => {
                let parts: Vec<(i64, i64)> = parts.iter().map(|(time, units)| (time.as_micros(), *units)).collect();
                Some(total::packed(spec, (*count, *sum), &parts))
            }
            (Self::Latest { time, event_id, value }, SeriesKind::Latest(spec)) => {
                Some(latest::packed(spec, time.as_micros(), *event_id, value))
            }
            _ => None,
        }
    }

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
