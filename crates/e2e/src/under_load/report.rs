//! The outcome of a run: a line of figures for each thing that it shows.

use std::fmt;
use std::time::Duration;

use super::definitions::WentLive;
use super::reach::Reach;
use super::verdict::Difference;
use crate::crash::Report;

/// What was measured and what was found.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// The history before everything else.
    pub(super) history: HistoryFigures,
    /// What a segment's clause selects, by Databend and by the engine.
    pub(super) previews: Vec<PreviewFigures>,
    /// The definitions, in order.
    pub(super) switches: Vec<SwitchFigures>,
    /// How soon segmenters hear of a definition.
    pub reach: Reach,
    /// The end.
    pub(super) end: EndFigures,
    /// What was found.
    pub found: Report,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HistoryFigures {
    pub(super) events: u64,
    pub(super) users: u64,
    pub(super) acknowledged_in: Duration,
    pub(super) segmented_in: Duration,
    pub(super) written_in: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PreviewFigures {
    /// `databend` or `engine`.
    pub(super) by: &'static str,
    pub(super) took: Duration,
    pub(super) events: u64,
    pub(super) users: u64,
    /// How many users the clause selects.
    pub(super) size: u64,
}

impl PreviewFigures {
    /// Returns what does not depend on who decides.
    pub(super) fn selected(&self) -> (u64, u64, u64) {
        (self.events, self.users, self.size)
    }
}

#[derive(Clone, Debug)]
pub(super) struct SwitchFigures {
    pub(super) what: String,
    pub(super) live: WentLive,
    pub(super) difference: Difference,
}

#[derive(Clone, Debug, Default)]
pub(super) struct EndFigures {
    pub(super) acknowledged: u64,
    pub(super) on_databend: u64,
    pub(super) changes: usize,
    pub(super) members: Vec<(String, usize)>,
}

impl LoadReport {
    /// Returns whether every definition made somebody enter, and the last one somebody leave: otherwise little is shown.
    pub fn has_moved_users(&self) -> bool {
        let entered = self.switches.iter().all(|switch| switch.difference.entered > 0);
        entered && self.switches.last().is_some_and(|edited| edited.difference.left > 0)
    }

    /// Returns whether of at least one definition it was told on its way how far it was.
    pub fn has_told_the_way(&self) -> bool {
        self.switches.iter().any(|switch| switch.live.way.shares() > 0)
    }

    /// Returns whether of each definition it was told how long it would still take: of little history nobody can tell.
    pub fn has_told_the_end(&self) -> bool {
        self.switches.iter().all(|switch| !switch.live.way.ends_foretold().is_empty())
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.history)?;
        for preview in &self.previews {
            writeln!(f, "{preview}")?;
        }
        for switch in &self.switches {
            writeln!(f, "{switch}")?;
        }
        writeln!(f, "{}", self.reach)?;
        writeln!(f, "{}", self.end)?;
        let Report { lost, repeated, out_of_order, mismatched, .. } = &self.found;
        write!(f, "lost={lost} repeated={repeated} out_of_order={out_of_order} mismatched={mismatched}")
    }
}

impl fmt::Display for HistoryFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, users, acknowledged_in, segmented_in, written_in } = self;
        let rate = |took: &Duration| *events as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE);
        write!(
            f,
            "history: events={events} users={users} acknowledged/s={:.0} segmented/s={:.0} on_databend/s={:.0}",
            rate(acknowledged_in),
            rate(segmented_in),
            rate(written_in)
        )
    }
}

impl fmt::Display for PreviewFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, took, events, users, size } = self;
        let seconds = took.as_secs_f64();
        let rate = *events as f64 / seconds.max(f64::MIN_POSITIVE);
        write!(f, "preview by {by}: took={seconds:.2}s events={events} events/s={rate:.0} users={users} size={size}")
    }
}

impl fmt::Display for SwitchFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, live, difference } = self;
        let Difference { before, after, entered, left, lost, repeated, unexpected } = difference;
        let (shares, etas) = (live.way.shares(), live.way.ends_foretold().len());
        let off = live.way.off().map_or_else(|| "unknown".to_owned(), |off| format!("{off:.1}s"));
        write!(
            f,
            "{what}: live_after={:.1}s history_rows={} rows/s={:.0} arriving/s={:.0} members_before={before} \
             members_after={after} entered={entered} left={left} lost={lost} repeated={repeated} unexpected={unexpected} \
             shares={shares} etas={etas} eta_off={off}",
            live.took.as_secs_f64(),
            live.records(),
            live.records() as f64 / live.took.as_secs_f64().max(f64::MIN_POSITIVE),
            live.events_per_second,
        )
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (segmenters, definitions) = (self.segmenters, self.took.len());
        let [median, slowest] = [self.median(), self.slowest()].map(|took| took.as_secs_f64() * 1_000.0);
        write!(f, "told: definitions={definitions} segmenters={segmenters} median={median:.0}ms slowest={slowest:.0}ms")
    }
}

impl fmt::Display for EndFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, on_databend, changes, members } = self;
        write!(f, "end: acknowledged={acknowledged} on_databend={on_databend} changes={changes}")?;
        members.iter().try_for_each(|(tag, members)| write!(f, " {tag}={members}"))
    }
}
