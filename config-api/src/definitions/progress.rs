//! Whether a version of a segment is what memberships are decided by, everywhere yet; and when it will be.

use schema::{BackfillRun, Generation, PartitionStatus, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// How far a version is on its way to its users.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SegmentStatus {
    /// No partition has begun with it; the version before, if any, still serves.
    Pending,
    /// History is being read, or some partitions have switched and others have not.
    Backfilling,
    /// Some partition cannot read the history for it; the version before, if any, still serves. It is tried again.
    Failed,
    /// Every partition decides by it.
    Live,
}

/// How far a version is, in partitions and in rows of history.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// The status that the numbers add up to.
    #[serde(skip)]
    pub(crate) status: SegmentStatus,
    /// Partitions that decide by this version or a later one.
    pub(crate) partitions_live: usize,
    /// All partitions.
    pub(crate) partitions: usize,
    /// Rows of history absorbed for it so far, also by partitions that are live.
    pub(crate) absorbed_rows: u64,
    /// Rows of history to absorb, about until they are; null while not every partition has counted.
    pub(crate) total_rows: Option<u64>,
    /// The share of them that is absorbed, from 0 to 1; 1 only when it is live. Null while `total_rows` is.
    #[schema(minimum = 0, maximum = 1)]
    pub(crate) share: Option<f64>,
    /// How fast rows are absorbed, of the last seconds; null while that is not known.
    pub(crate) rows_per_second: Option<u64>,
    /// When the history will be absorbed, at that rate; null while that is not known, and when it is live.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) eta: Option<Timestamp>,
    /// In how many seconds that is.
    pub(crate) eta_seconds: Option<u64>,
    /// Why partitions cannot go on, when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<ProgressFailure>,
}

/// Why partitions cannot go over to a version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct ProgressFailure {
    /// How many partitions cannot.
    pub(crate) partitions: usize,
    /// What the first of them says is wrong with the history.
    pub(crate) reason: String,
}

/// What is shown of a version whose rows are absorbed while partitions have yet to switch.
const NEARLY: f64 = 0.999;

impl Progress {
    /// Adds up what the partitions' owners say at `now` of a version that came with `generation`.
    pub(crate) fn of(generation: Generation, statuses: &[PartitionStatus], partitions: u16, now: Timestamp) -> Self {
        let partitions = usize::from(partitions);
        let mut sums = Sums::default();
        for status in statuses {
            sums.add(generation, status);
        }
        let status = match (sums.live >= partitions, &sums.failure, sums.live + sums.absorbing > 0) {
            (true, ..) => SegmentStatus::Live,
            (false, Some(_), _) => SegmentStatus::Failed,
            (false, None, true) => SegmentStatus::Backfilling,
            (false, None, false) => SegmentStatus::Pending,
        };
        let is_live = status == SegmentStatus::Live;
        let total_rows = (is_live || sums.counted >= partitions).then_some(sums.absorbed_rows + sums.left_rows);
        let rows_per_second = (!is_live && sums.rows_per_second > 0).then_some(sums.rows_per_second);
        let failure = sums.failure.filter(|_| !is_live);
        let eta_seconds =
            total_rows.and(rows_per_second).filter(|_| failure.is_none()).map(|rate| sums.left_rows.div_ceil(rate));
        Self {
            status,
            partitions_live: sums.live,
            partitions,
            absorbed_rows: sums.absorbed_rows,
            total_rows,
            share: total_rows.map(|total| if is_live { 1.0 } else { share(sums.absorbed_rows, total) }),
            rows_per_second,
            eta: eta_seconds.and_then(|seconds| after(now, seconds)),
            eta_seconds,
            failure,
        }
    }
}

/// What the partitions come to.
#[derive(Default)]
struct Sums {
    /// Partitions that decide by the version.
    live: usize,
    /// Partitions that are on the way to it.
    absorbing: usize,
    /// Partitions of which it is known how many rows are left.
    counted: usize,
    absorbed_rows: u64,
    left_rows: u64,
    rows_per_second: u64,
    failure: Option<ProgressFailure>,
}

impl Sums {
    fn add(&mut self, generation: Generation, status: &PartitionStatus) {
        let run = status.backfill.filter(|run| run.from < generation && generation <= run.to);
        self.absorbed_rows += run.map_or(0, |run| run.absorbed_rows);
        if status.generation >= generation {
            self.live += 1;
            self.counted += 1;
            return;
        }
        if let Some(failure) = status.failure.as_ref().filter(|failure| failure.to >= generation) {
            let nothing = || ProgressFailure { partitions: 0, reason: failure.reason.clone() };
            self.failure.get_or_insert_with(nothing).partitions += 1;
        }
        if status.absorbing.is_some_and(|next| next >= generation) {
            self.absorbing += 1;
            self.take_in(run);
        }
    }

    fn take_in(&mut self, run: Option<BackfillRun>) {
        let Some(run) = run else { return };
        self.rows_per_second += run.rows_per_second.unwrap_or(0);
        if let Some(total_rows) = run.total_rows {
            self.counted += 1;
            self.left_rows += total_rows.saturating_sub(run.absorbed_rows);
        }
    }
}

fn share(absorbed_rows: u64, total_rows: u64) -> f64 {
    match total_rows {
        0 => 0.0,
        _ => (absorbed_rows as f64 / total_rows as f64).min(NEARLY),
    }
}

fn after(now: Timestamp, seconds: u64) -> Option<Timestamp> {
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    now.as_micros().checked_add(micros).map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use schema::{BackfillFailure, PartitionId, Timestamp};

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(5_000_000);

    fn partition(number: u16, generation: u64, absorbing: Option<u64>) -> PartitionStatus {
        PartitionStatus {
            partition: PartitionId(number),
            as_of: Timestamp::from_micros(0),
            next_offset: 0,
            changes_end: 0,
            generation: Generation(generation),
            absorbing: absorbing.map(Generation),
            backfill: absorbing.map(|next| BackfillRun {
                from: Generation(generation),
                to: Generation(next),
                absorbed_rows: 10,
                total_rows: None,
                rows_per_second: None,
            }),
            failure: None,
            users: 0,
        }
    }

    /// A partition on its way from 4 to 5: rows absorbed, rows there are, rate.
    fn reading(number: u16, absorbed_rows: u64, total_rows: Option<u64>, rate: Option<u64>) -> PartitionStatus {
        let (from, to) = (Generation(4), Generation(5));
        let run = BackfillRun { from, to, absorbed_rows, total_rows, rows_per_second: rate };
        PartitionStatus { backfill: Some(run), ..partition(number, 4, Some(5)) }
    }

    /// The same partition when it has switched.
    fn done(number: u16, rows: u64) -> PartitionStatus {
        PartitionStatus { generation: Generation(5), absorbing: None, ..reading(number, rows, Some(rows), None) }
    }

    fn of(statuses: &[PartitionStatus]) -> Progress {
        Progress::of(Generation(5), statuses, 2, NOW)
    }

    #[track_caller]
    fn check(statuses: &[PartitionStatus], status: SegmentStatus, partitions_live: usize, absorbed_rows: u64) {
        let progress = of(statuses);
        assert_eq!(
            (progress.status, progress.partitions_live, progress.absorbed_rows),
            (status, partitions_live, absorbed_rows)
        );
    }

    /// Checks total rows, the share in percent, and in how many seconds it is done.
    #[track_caller]
    fn check_eta(statuses: &[PartitionStatus], total: Option<u64>, percent: Option<u64>, eta_seconds: Option<u64>) {
        let progress = of(statuses);
        let shown = progress.share.map(|share| (share * 100.0).floor() as u64);
        assert_eq!((progress.total_rows, shown, progress.eta_seconds), (total, percent, eta_seconds));
        let eta = eta_seconds.map(|seconds| NOW.plus_micros(i64::try_from(seconds).unwrap() * 1_000_000));
        assert_eq!(progress.eta, eta);
    }

    #[test]
    fn a_version_is_live_when_every_partition_has_switched_to_it_or_beyond() {
        check(&[], SegmentStatus::Pending, 0, 0);
        check(&[partition(0, 4, None), partition(1, 4, Some(4))], SegmentStatus::Pending, 0, 0);
        check(&[partition(0, 4, Some(6)), partition(1, 4, None)], SegmentStatus::Backfilling, 0, 10);
        check(&[partition(0, 5, None)], SegmentStatus::Backfilling, 1, 0);
        check(&[partition(0, 5, None), partition(1, 6, Some(7))], SegmentStatus::Live, 2, 0);
    }

    #[test]
    fn rows_are_totalled_when_every_partition_has_counted() {
        check_eta(&[], None, None, None);
        check_eta(&[reading(0, 0, Some(100), None)], None, None, None);
        check_eta(&[reading(0, 50, Some(100), Some(10)), reading(1, 0, None, None)], None, None, None);
        check_eta(&[reading(0, 50, Some(100), None), reading(1, 0, Some(300), None)], Some(400), Some(12), None);
    }

    #[test]
    fn what_is_left_takes_as_long_as_the_rate_says_and_partitions_that_wait_their_turn_count() {
        check_eta(
            &[reading(0, 50, Some(100), Some(10)), reading(1, 0, Some(300), None)],
            Some(400),
            Some(12),
            Some(35),
        );
        check_eta(
            &[reading(0, 50, Some(100), Some(10)), reading(1, 50, Some(300), Some(11))],
            Some(400),
            Some(25),
            Some(15),
        );
        check_eta(&[done(0, 90), reading(1, 50, Some(300), Some(100))], Some(390), Some(35), Some(3));
    }

    #[test]
    fn only_what_is_live_is_whole_and_then_nothing_is_awaited() {
        check_eta(&[done(0, 90), reading(1, 300, Some(300), None)], Some(390), Some(99), None);
        check_eta(&[done(0, 90), done(1, 300)], Some(390), Some(100), None);
        let nothing = [reading(0, 0, Some(0), None), reading(1, 0, Some(0), None)];
        check_eta(&nothing, Some(0), Some(0), None);
        check_eta(&[done(0, 0), done(1, 0)], Some(0), Some(100), None);
        // Owners that came later know nothing of how it came to be so.
        check_eta(&[partition(0, 5, None), partition(1, 5, None)], Some(0), Some(100), None);
    }

    #[test]
    fn a_version_whose_history_cannot_be_read_failed_until_it_is_live() {
        let failing = |generation| {
            let failure = BackfillFailure { to: Generation(5), reason: "damaged".to_owned() };
            PartitionStatus { failure: Some(failure), ..partition(0, generation, None) }
        };
        check(&[failing(4), partition(1, 5, None)], SegmentStatus::Failed, 1, 0);
        let failed = of(&[failing(4), partition(1, 5, None)]);
        assert_eq!(failed.failure, Some(ProgressFailure { partitions: 1, reason: "damaged".to_owned() }));
        // That it failed once does not matter when it is live, nor for a version that was before it or comes after.
        check(&[failing(5), partition(1, 5, None)], SegmentStatus::Live, 2, 0);
        let other =
            |generation| Progress::of(Generation(generation), &[failing(4), partition(1, 5, None)], 2, NOW).status;
        assert_eq!((other(4), other(6)), (SegmentStatus::Live, SegmentStatus::Pending));
    }

    #[test]
    fn what_is_absorbed_for_other_versions_does_not_count() {
        let of = |generation| Progress::of(Generation(generation), &[reading(0, 50, Some(100), Some(10))], 1, NOW);
        assert_eq!((of(6).status, of(6).absorbed_rows, of(6).eta), (SegmentStatus::Pending, 0, None));
        assert_eq!((of(4).status, of(4).absorbed_rows, of(4).eta), (SegmentStatus::Live, 0, None));
    }
}
